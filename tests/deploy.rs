//! What stands in deploy/, judged by what is made to judge it: the analyzer of systemd, a linter of Dockerfiles, Compose, Helm and the
//! schemas of Kubernetes; and each configuration in it by the gateway itself. The image is built and run by `tests/container/smoke`,
//! proxies are run by `proxy.rs` and `haproxy.rs`.

#![expect(clippy::unwrap_used, reason = "a helper of a test may panic as the test may")]

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use harness::{
    Authority, Client, DATASET, Executable, Output, Process, Signal, eventually, executable, free_address, installed,
    numbered_purchase,
};

const PATIENCE: Duration = Duration::from_secs(60);

fn deploy(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy").join(name).canonicalize().unwrap()
}

fn text(name: &str) -> String {
    std::fs::read_to_string(deploy(name)).unwrap()
}

/// Runs a tool that `tests/run` installs.
async fn tool(program: impl AsRef<Path>, arguments: &[&str], folder: &Path) -> Output {
    let program = program.as_ref();
    let found = Executable::at("sh".into()).run(&["-c", "command -v \"$0\"", program.to_str().unwrap()], &[], folder).await;
    assert_eq!(found.code, Some(0), "{} is missing: tests/run --install-only installs it", program.display());
    Executable::at(program.to_owned()).run(arguments, &[], folder).await
}

/// Writes a key, a token or what else a configuration wants to find: 32 bytes in base64 will do for each.
fn write_secret(folder: &Path, name: &str) {
    use std::fmt::Write as _;
    // A key of a site and a token must differ, so each is made of its name.
    let mut hex = String::new();
    name.bytes().cycle().take(16).for_each(|byte| write!(hex, "{byte:02x}").unwrap());
    let path = folder.join(name);
    // 43 digits and a sign at the end are 32 bytes in base64.
    let form = if name == "redis-url" {
        "rediss://portcullis:secret@redis.internal:26379".to_owned()
    } else {
        format!("{hex}AAAAAAAAAAA=")
    };
    std::fs::write(&path, form).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
}

#[tokio::test]
async fn the_units_are_understood_without_a_word_and_leave_little_exposed() {
    let executable = executable!();
    let folder = tempfile::tempdir().unwrap();
    let units = ["portcullis.service", "portcullis@shop.service", "portcullis.socket"];
    for unit in units {
        let shown = text(&format!("systemd/{}", unit.replace("@shop", "@")));
        let here = shown.replace("/usr/local/bin/portcullis", executable.path().to_str().unwrap());
        std::fs::write(folder.path().join(unit), here).unwrap();
    }
    let verified = tool("systemd-analyze", &["verify", units[0], units[1], units[2]], folder.path()).await;
    // It ends with 0 even where it does not know a key, and says so.
    assert_eq!((verified.code, verified.stdout.as_str(), verified.stderr.as_str()), (Some(0), "", ""));
    for service in &units[..2] {
        let judged =
            tool("systemd-analyze", &["security", "--offline=yes", "--threshold=19", "--no-pager", service], folder.path())
                .await;
        assert_eq!(judged.code, Some(0), "{service} exposes 2.0 or more:\n{}", judged.stdout);
    }
}

#[test]
fn the_template_for_many_is_the_unit_with_other_names() {
    let lines = |name: &str| -> Vec<String> {
        text(name).lines().filter(|line| !line.starts_with('#')).map(str::to_owned).collect()
    };
    let (unit, template) = (lines("systemd/portcullis.service"), lines("systemd/portcullis@.service"));
    assert_eq!(unit.len(), template.len());
    let of_one = |line: &String| line.replace(" (%i)", "").replace("/%i.toml", "/portcullis.toml").replace("/%i", "");
    assert_eq!(unit, template.iter().map(of_one).collect::<Vec<_>>());
    assert_eq!(template.iter().filter(|line| line.contains("%i")).count(), 5, "configuration twice, secrets, folder, name");
}

#[tokio::test]
async fn the_dockerfile_is_clean_and_names_versions() {
    let linted = tool(installed("deploy").join("bin/hadolint"), &["Dockerfile"], &deploy("")).await;
    assert_eq!((linted.code, linted.stdout.as_str()), (Some(0), ""), "{}", linted.stderr);
    let dockerfile = text("Dockerfile");
    let bases: Vec<&str> = dockerfile.lines().filter_map(|line| line.strip_prefix("FROM ")).collect();
    assert!(bases[0].contains(|sign: char| sign.is_ascii_digit()) && bases[1] == "scratch", "{bases:?}");
    assert!(dockerfile.contains("USER 65532:65532"));
}

#[tokio::test]
async fn the_composition_is_understood_hardened_and_pinned() {
    let folder = deploy("");
    let judged = tool("docker-compose", &["--file", "compose.yaml", "config"], &folder).await;
    assert_eq!(judged.code, Some(0), "{}", judged.stderr);
    for service in ["grafana", "portcullis", "prometheus", "redis", "simulator"] {
        let heading = format!("\n  {service}:\n");
        let own = judged.stdout.split_once(&heading).unwrap_or_else(|| panic!("{service} is missing: {}", judged.stdout)).1;
        let own: String = own.split_inclusive('\n').take_while(|line| line.starts_with("    ")).collect();
        for held in ["read_only: true", "- ALL", "no-new-privileges:true", "mem_limit: ", "pids_limit: ", "healthcheck:"] {
            assert!(
                own.contains(held) || (service == "portcullis" && held == "healthcheck:"),
                "{service} lacks {held}:\n{own}"
            );
        }
        let image = own.lines().find_map(|line| line.trim().strip_prefix("image: ")).unwrap();
        let tag = image.rsplit_once(':').unwrap().1;
        assert!(tag.contains('.') && tag != "latest", "{image}");
    }
    // All that is shown to the world is shown to this machine.
    assert_eq!(judged.stdout.matches("- 127.0.0.1:").count(), judged.stdout.matches("ports:").count(), "{}", judged.stdout);
}

/// The composition without containers: its own configurations and secrets, with other addresses.
#[tokio::test]
async fn what_the_composition_starts_works_together() {
    let executable = executable!();
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let secrets = at("secrets").display().to_string();
    let made = tool(deploy("compose/make-secrets"), &[&secrets], folder.path()).await;
    assert_eq!(made.code, Some(0), "{}", made.stderr);
    let key = std::fs::read_to_string(at("secrets/shop-key")).unwrap();
    tool(deploy("compose/make-secrets"), &[&secrets], folder.path()).await;
    assert_eq!(key, std::fs::read_to_string(at("secrets/shop-key")).unwrap(), "a second time changes nothing");

    let redis = free_address();
    std::fs::create_dir(at("data")).unwrap();
    let conf = text("compose/redis.conf").replace("dir /data", &format!("dir {}", at("data").display()));
    let conf = conf.replace("port 6379", &format!("port {}", redis.port())).replace("/run/secrets", &secrets);
    std::fs::write(at("redis.conf"), conf).unwrap();
    // As new as that of the composition: it knows WAITAOF.
    let server = installed("valkey").join("valkey-server");
    let mut server = Process::start(&server, &[at("redis.conf").display().to_string()], &[], folder.path(), "redis");
    server.wait_for("Ready to accept", |log| log.contains("Ready to accept").then_some(())).await;

    let (simulator, callers, admin) = (free_address(), free_address(), free_address());
    let arguments = ["meta-simulator".to_owned(), "--listen".to_owned(), simulator.to_string()];
    let mut meta = Process::start(executable.path(), &arguments, &[], folder.path(), "simulator");
    meta.wait_for("listening on", |log| log.contains("listening on").then_some(())).await;

    let url = std::fs::read_to_string(at("secrets/redis-url")).unwrap().replace("redis:6379", &redis.to_string());
    std::fs::remove_file(at("secrets/redis-url")).unwrap();
    std::fs::write(at("secrets/redis-url"), url).unwrap();
    let mut config = text("compose/portcullis.toml");
    for (from, to) in [
        ("0.0.0.0:8080", callers.to_string()),
        ("0.0.0.0:9464", admin.to_string()),
        ("127.0.0.1:9100", simulator.to_string()),
        ("/var/lib/portcullis/outbox.db", at("outbox/outbox.db").display().to_string()),
        ("/run/secrets", secrets.clone()),
    ] {
        assert!(config.contains(from), "compose/portcullis.toml lacks {from}");
        config = config.replace(from, &to);
    }
    std::fs::write(at("portcullis.toml"), config).unwrap();
    let arguments = ["serve", "--config", "portcullis.toml"].map(str::to_owned);
    let mut gateway = Process::start(executable.path(), &arguments, &[], folder.path(), "gateway");
    eventually("the gateway is ready", PATIENCE, async || {
        assert!(gateway.runs(), "{}", gateway.stderr());
        let asked = executable.run(&["ready", "--config", "portcullis.toml"], &[], folder.path()).await;
        (asked.code == Some(0)).then_some(())
    })
    .await;
    let answer = Client::new(callers).with(&key, DATASET).post(&[numbered_purchase("composed", 1)]).await.unwrap();
    assert_eq!(answer.status, 200, "{}", answer.text());
    let arrived = eventually("the event arrives", PATIENCE, async || {
        let events = Client::new(simulator).get("/_simulator/events").await.unwrap().text();
        events.contains("composed-1").then_some(events)
    })
    .await;
    assert!(!arrived.contains('@'), "{arrived}");
    for process in [&mut gateway, &mut meta, &mut server] {
        process.signal(Signal::Terminate).await;
        process.ended(PATIENCE).await;
    }
}

#[tokio::test]
async fn the_chart_renders_what_kubernetes_takes_and_the_gateway_starts_with_and_refuses_what_would_lose() {
    let executable = executable!();
    let folder = tempfile::tempdir().unwrap();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("clients/chart.py").display().to_string();
    let chart = deploy("helm/portcullis").display().to_string();
    let judged = tool(installed("deploy").join("bin/python"), &[&script, &chart, "."], folder.path()).await;
    assert_eq!(judged.code, Some(0), "{}{}", judged.stdout, judged.stderr);
    assert!(judged.stdout.matches(": ok\n").count() > 30, "{}", judged.stdout);

    // Each configuration as the pod would have it, with secrets of the form that it asks for.
    let secrets = folder.path().join("secrets");
    std::fs::create_dir_all(secrets.join("portcullis")).unwrap();
    std::fs::create_dir_all(secrets.join("tls")).unwrap();
    for name in ["outbox-key", "pseudonym-key", "suppression-key", "shop-key", "pharmacy-key", "meta-token", "redis-url"] {
        write_secret(&secrets.join("portcullis"), name);
    }
    let pair = Authority::new().issue();
    std::fs::write(secrets.join("tls/tls.crt"), pair.cert).unwrap();
    std::fs::write(secrets.join("tls/tls.key"), pair.key).unwrap();
    for set in ["one", "several", "own"] {
        let file = folder.path().join(set).join("portcullis.toml");
        let rendered = std::fs::read_to_string(&file).unwrap();
        std::fs::write(&file, rendered.replace("/run/secrets", secrets.to_str().unwrap())).unwrap();
        let checked = executable.run(&["check", "--config", file.to_str().unwrap()], &[], folder.path()).await;
        assert_eq!(checked.code, Some(0), "{set}: {}", checked.stderr);
    }
}

#[test]
fn the_chart_carries_the_rules_of_alerts_as_they_are() {
    assert_eq!(text("helm/portcullis/files/alerts.yaml"), text("prometheus/alerts.yaml"), "copy the file into the chart");
}

#[test]
fn everything_here_is_told_of_with_how_it_was_validated() {
    let readme = text("README.md");
    for entry in std::fs::read_dir(deploy("")).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        assert!(name == "README.md" || readme.contains(&format!("({name}")), "deploy/README.md does not tell of {name}");
    }
}
