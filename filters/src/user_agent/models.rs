//! Models of Android devices: a maker and words that models are made of, or a code of the shape that one maker gives.

use super::shape::fits;
use crate::cut;

/// Makers and lines that stand at the front of a model's name.
#[rustfmt::skip]
static MAKERS: &[&str] = &[
    "pixel", "redmi", "moto", "motorola", "samsung", "poco", "mi", "xiaomi", "oneplus", "nokia", "huawei", "honor", "vivo", "oppo",
    "realme", "tecno", "infinix", "itel", "lenovo", "lg", "lge", "nexus", "google", "asus", "zte", "tcl", "sony", "htc", "hmd", "nothing",
    "fairphone", "alcatel", "wiko", "doogee", "blackview", "cubot", "ulefone", "oukitel", "umidigi", "sharp", "meizu", "galaxy",
    "pocophone", "xperia",
];

/// Words that go on with a model's name.
#[rustfmt::skip]
static WORDS: &[&str] = &[
    "pro", "plus", "max", "ultra", "lite", "note", "fe", "edge", "power", "play", "fold", "flip", "prime", "go", "mini", "nord", "neo", "one",
    "fusion", "vision", "macro", "action", "hyper", "zoom", "razr", "stylus", "pure", "xl", "nfc", "se", "gt", "ace", "turbo", "zero",
    "hot", "smart", "spark", "camon", "pova", "pop", "pad", "tab", "tablet", "desire", "view", "magic", "nova", "mate", "blade", "axon",
    "mix", "phone", "zenfone", "rog", "narzo", "lte", "master", "edition", "g", "e", "x", "z", "c", "s", "t", "p", "k", "f", "m", "a",
    "redmi", "poco", "galaxy", "pixel", "oneplus", "mi", "global", "nokia", "xperia",
];

/// Codes that need no maker's name, by maker.
#[rustfmt::skip]
static CODES: &[&str] = &[
    // Samsung
    "SM-@###&?&?", "SM-@###&?/DS", "GT-@####@?", "SC-##@", "SCG##", "SCV##",
    // Xiaomi, Redmi, Poco
    "M####@#$?$?", "M####@##$?$?", "2######$$?", "2#######$$?", "2####R@@&@", "2####P@@&@", "2####P@#@@", "2####R@#&@", "2###D@@##@", "A##XM",
    // Oppo, Realme, OnePlus
    "CPH####", "RMX####", "LE####", "NE####", "AC####", "KB####", "IN####", "GM####", "HD####", "BE####", "DN####", "DE####", "EB####",
    "IV####", "PHB###", "PJ@###", "A###OP",
    // vivo, iQOO
    "V####@?", "I####",
    // Motorola, Nokia
    "XT####-#?#?", "XT####", "TA-####",
    // LG
    "LM-@###@?@?", "LG-@###@?@?", "LGL###@?@?",
    // Sony, Sharp, Fujitsu, Kyocera
    "SO-##@", "SOG##", "SOV##", "XQ-@@##", "G####", "H####", "J####", "A###SO", "SH-##@", "SHG##", "SHV##", "SH-M##", "A###SH", "F-##@", "FCG##",
    "KYV##", "KYG##",
    // Asus, Tecno, Infinix, itel, Nothing, Fairphone, TCL
    "ASUS_AI####", "ASUS_I###@?@?", "ASUS_X##@?#?@@?", "ASUS_Z##@@?", "X####@?", "A0##", "A1##", "FP#", "T###@?",
    // Lenovo, Amazon
    "TB-@###@?", "TB###@@", "KFMAWI", "KFTRWI", "KFTRPWI", "KFONWI", "KFRAWI", "KFRAPWI", "KFSUWI", "KFKAWI", "KFDOWI", "KFMUWI", "KFAUWI",
    "KFGIWI", "KFTUWI", "KFSNWI", "KFQUWI", "KFRASWI",
];

/// What Huawei and Honor put before the dash of a code. A list, since three letters can say a lot.
#[rustfmt::skip]
static HUAWEI: &[&str] = &[
    "VOG", "ELE", "ANE", "CLT", "EML", "MAR", "STK", "JSN", "EVR", "LYA", "HMA", "SNE", "INE", "PAR", "FIG", "POT", "YAL", "VNE", "NOH", "ELS",
    "JNY", "OCE", "TAS", "LIO", "ART", "MED", "AMN", "DUB", "DRA", "CRO", "RNE", "PRA", "WAS", "BLN", "FRD", "COL", "BKL", "LLD", "AUM", "JAT",
    "KSA", "MYA", "MRD", "PPA", "AQM", "LRA", "NTH", "RMO", "VTR", "EVA", "LLY", "REA", "FNE", "NAM", "JLN", "CTR", "MGA", "STG", "ABR", "ALN",
    "AGS", "AGS2", "AGS3", "BAH", "BAH2", "BAH3", "BAH4", "JDN2", "KOB", "KOB2", "BTV", "SCM", "DBY",
];

/// A word of a model with a number: `12`, `9A`, `g84`, `A6013`, `CK7n`, `5.3`.
static NUMBERED: &[&str] = &["%?%?##?#?#?%?%?", "#.#"];

/// Builds of Android: by date since version 8, and short before.
#[rustfmt::skip]
static BUILDS: &[&str] = &[
    "@@#@.######.###", "@@#@.######.###.@#", "@@@#.######.###", "@@@#.######.###.@#", "@@@##@", "@#@##@", "@##@@", "@#@@@", "@#####",
];

/// Boards that apps name beside the model, and chips.
#[rustfmt::skip]
static BOARDS: &[&str] = &[
    "qcom", "qualcomm", "exynos###", "exynos####", "samsungexynos####", "s5e####", "mt####", "kirin###", "kirin####", "hi####", "ums###",
    "gs#01", "zuma", "zumapro", "~~?~?##?#?~?~?", "beyond#", "beyond#lte", "star#lte", "star2qlte~~?~?", "crownlte", "dreamlte",
    "oriole", "raven", "bluejay", "panther", "cheetah", "lynx", "tangorpro", "felix", "shiba", "husky", "akita", "tokay", "caiman",
    "komodo", "sunfish", "redfin", "bramble", "barbet", "flame", "coral", "sweet", "mojito", "alioth", "vayu", "surya", "joyeuse",
    "curtana", "ginkgo", "willow", "begonia", "spes", "rosemary", "merlin", "lancelot", "angelica", "dandelion", "selene", "tapas",
    "topaz", "ruby", "garnet", "lisa", "fog",
];

/// A model, a build, or both: `SM-G991B Build/TP1A.220624.014`.
pub(super) fn is_known(part: &str) -> bool {
    match cut::once(part, b'/') {
        Some(("Build", build)) => is_build(build),
        Some((model, build)) => match model.strip_suffix(" Build") {
            Some(model) => is_build(build) && is_model(model),
            // `SM-N950F/DS`
            None => is_model(part),
        },
        None => is_model(part),
    }
}

/// A maker's name alone.
pub(super) fn is_maker(word: &str) -> bool {
    MAKERS.iter().any(|maker| maker.eq_ignore_ascii_case(word))
}

/// A board's or a chip's name.
pub(super) fn is_board(word: &str) -> bool {
    BOARDS.iter().any(|board| fits(board, word))
}

fn is_build(build: &str) -> bool {
    BUILDS.iter().any(|pattern| fits(pattern, build)) || is_motorola_build(build)
}

/// `S1RTS32.41-20-16`, `RZBS31.Q2-143-27-9`
fn is_motorola_build(build: &str) -> bool {
    let Some((front, groups)) = build.split_once('.') else { return false };
    fits("@&@@?@?@?##", front)
        && groups.split('-').count() <= 6
        && groups.split('-').all(|group| fits("##?#?", group) || fits("@#@?", group))
}

/// A maker and words of its models, or a code.
pub(super) fn is_model(model: &str) -> bool {
    let (first, rest) = cut::once(model, b' ').unwrap_or((model, ""));
    if !is_maker(first) {
        return rest.is_empty() && is_code(first);
    }
    // A maker and a few words, never a text.
    rest.is_empty() || (rest.split(' ').count() <= 5 && rest.split(' ').all(is_model_word))
}

/// `12`, `Pro+`, `g(60)`, `(2022)`, or a code.
fn is_model_word(word: &str) -> bool {
    if let Some((front, inner)) = word.strip_suffix(')').and_then(|word| word.split_once('(')) {
        return (front.is_empty() || is_plain_word(front)) && is_plain_word(inner);
    }
    is_plain_word(word.strip_suffix('+').unwrap_or(word))
}

fn is_plain_word(word: &str) -> bool {
    if word.bytes().any(|byte| byte.is_ascii_digit()) {
        return NUMBERED.iter().any(|pattern| fits(pattern, word)) || is_code(word);
    }
    WORDS.iter().any(|known| known.eq_ignore_ascii_case(word))
}

fn is_code(word: &str) -> bool {
    CODES.iter().any(|pattern| fits(pattern, word))
        || cut::once(word, b'-').is_some_and(|(front, rest)| {
            HUAWEI.contains(&front) && ["L##@?", "W##@?", "@X#@?", "@L##@?"].iter().any(|pattern| fits(pattern, rest))
        })
}
