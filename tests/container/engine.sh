# Sourced: a podman of this test's own, with its images and containers under target/, that runs as root where nothing but a plain
# Linux is given: no systemd, no second cgroup version, no right to raise limits.
#
# Needs podman, buildah, runc, netavark, aardvark-dns, iptables and catatonit; tests/run installs them.

container_root=$PWD/target/container
mkdir -p "$container_root"

cat > "$container_root/containers.conf" <<EOF
[containers]
default_ulimits = ["nofile=4096:4096", "nproc=4096:4096"]
[engine]
runtime = "runc"
cgroup_manager = "cgroupfs"
events_logger = "file"
[network]
network_backend = "netavark"
EOF

cat > "$container_root/storage.conf" <<EOF
[storage]
driver = "overlay"
graphroot = "$container_root/storage"
runroot = "$container_root/run"
EOF

cat > "$container_root/registries.conf" <<EOF
unqualified-search-registries = []
EOF

export CONTAINERS_CONF=$container_root/containers.conf
export CONTAINERS_STORAGE_CONF=$container_root/storage.conf
export CONTAINERS_REGISTRIES_CONF=$container_root/registries.conf

command -v podman >/dev/null || { echo "podman is missing: tests/run --install-only installs it" >&2; exit 1; }
[ "$(id -u)" -eq 0 ] || { echo "this has to run as root, as a plain podman without systemd does" >&2; exit 1; }

# Without systemd nobody asks for health by itself, of which it would complain at each start.
podman() {
  local code=0
  # Not by a pipe, which what podman leaves running would keep open.
  command podman "$@" 2>"$container_root/said.txt" || code=$?
  grep --invert-match 'unable to get systemd connection' "$container_root/said.txt" >&2 || true
  return "$code"
}
