//! Words of health, each of which speaks of nothing else, and their digests.

use md5::Md5;
use sha1::Sha1;
use sha2::{Digest, Sha256};

use super::{Kind, Secret};
use crate::chance::Chance;

#[rustfmt::skip]
static DRUGS: &[&str] = &[
    "metformin", "lisinopril", "atorvastatin", "sertraline", "fluoxetine", "levothyroxine", "amlodipine", "omeprazole", "losartan",
    "gabapentin", "hydrocodone", "oxycodone", "alprazolam", "escitalopram", "bupropion", "trazodone", "semaglutide", "ozempic",
    "wegovy", "humira", "adalimumab", "truvada", "biktarvy", "sildenafil", "viagra", "cialis", "tadalafil", "finasteride",
    "spironolactone", "estradiol", "medroxyprogesterone", "mifepristone", "misoprostol", "levonorgestrel", "suboxone", "naltrexone",
    "methadone", "lithium carbonate", "quetiapine", "aripiprazole", "olanzapine", "risperidone", "lamotrigine", "valacyclovir",
    "acyclovir", "doxycycline", "azithromycin", "amoxicillin", "prednisone", "insulin glargine", "tamoxifen", "letrozole",
    "methotrexate", "hydroxychloroquine", "tenofovir", "emtricitabine", "donepezil", "memantine", "rosuvastatin", "warfarin",
    "clopidogrel", "apixaban", "eliquis", "xarelto", "jardiance", "trulicity", "mounjaro", "tirzepatide", "adderall",
    "methylphenidate", "lisdexamfetamine", "vyvanse", "zolpidem", "clonazepam", "lorazepam", "duloxetine", "venlafaxine", "mirtazapine",
];

#[rustfmt::skip]
static CONDITIONS: &[&str] = &[
    "diabetes", "type 2 diabetes", "hypertension", "schizophrenia", "bipolar disorder", "major depressive disorder", "chlamydia",
    "gonorrhea", "syphilis", "genital herpes", "hepatitis c", "breast cancer", "prostate cancer", "lung cancer", "leukemia",
    "lymphoma", "multiple sclerosis", "alzheimers disease", "dementia", "epilepsy", "endometriosis", "infertility",
    "erectile dysfunction", "premature ejaculation", "psoriasis", "rheumatoid arthritis", "ulcerative colitis", "crohns disease",
    "irritable bowel syndrome", "kidney failure", "congestive heart failure", "asthma", "emphysema", "tuberculosis", "pneumonia",
    "anorexia nervosa", "bulimia", "alcohol use disorder", "opioid addiction", "panic disorder", "gestational diabetes",
    "miscarriage", "preeclampsia", "sickle cell disease", "cystic fibrosis", "fibromyalgia", "osteoporosis", "glaucoma",
    "urinary tract infection", "yeast infection", "bacterial vaginosis", "hiv positive", "hypothyroidism", "pulmonary embolism",
];

#[rustfmt::skip]
static PROCEDURES: &[&str] = &[
    "colonoscopy", "chemotherapy", "mammogram", "hysterectomy", "vasectomy", "dialysis", "pregnancy test", "hiv test", "pap smear",
    "biopsy", "mastectomy", "hip replacement", "bone marrow transplant", "radiation therapy", "endoscopy",
    "in vitro fertilization", "amniocentesis", "angioplasty", "appendectomy", "cataract surgery", "bariatric surgery",
    "gastric bypass", "electroconvulsive therapy", "tubal ligation", "blood glucose monitor", "std test", "prenatal screening",
];

#[rustfmt::skip]
static TOPICS: &[&str] = &[
    "birth control", "abortion", "suicidal thoughts", "self harm", "gender dysphoria", "hormone replacement therapy",
    "domestic violence", "sexual assault", "eating disorder", "substance abuse", "drug rehab", "alcoholics anonymous",
    "pregnancy termination", "emergency contraception", "fertility treatment", "couples therapy", "transgender", "menopause",
    "gender affirming care", "mental health", "addiction treatment", "contraceptive",
];

/// Words that have an everyday sense too, but not without the words that give it to them.
#[rustfmt::skip]
static AMBIGUOUS: &[&str] = &[
    "hospice", "knee replacement", "addiction", "depression", "cancer", "suicide", "pregnant", "cannabis", "heroin", "insomnia", "bipolar",
    "anxiety", "physical therapy", "psychosis",
];

#[rustfmt::skip]
static SPANISH: &[&str] = &[
    "metformina", "prueba de embarazo", "anticonceptivo", "diabetes tipo 2", "presion arterial", "depresion", "aborto",
    "cancer de mama", "esquizofrenia", "hipertension", "quimioterapia", "embarazo",
];

#[rustfmt::skip]
static SPECIALTIES: &[&str] = &[
    "oncology", "cardiology", "psychiatry", "urology", "gynecology", "nephrology", "endocrinology", "rheumatology", "dermatology clinic",
    "obstetrics", "neurology", "gastroenterologist", "oncologist", "psychiatrist", "cardiologist",
];

/// Long enough that one wrong letter leaves no doubt.
#[rustfmt::skip]
static MISSPELLED: &[&str] = &[
    "metformin", "lisinopril", "atorvastatin", "sertraline", "fluoxetine", "levothyroxine", "amlodipine", "gabapentin", "oxycodone",
    "alprazolam", "escitalopram", "semaglutide", "sildenafil", "quetiapine", "aripiprazole", "azithromycin", "amoxicillin",
];

pub(super) fn secret(kind: Kind, chance: &mut Chance) -> Secret {
    let words = match kind {
        Kind::Drug => DRUGS,
        Kind::Condition => CONDITIONS,
        Kind::Procedure => PROCEDURES,
        Kind::Topic => TOPICS,
        Kind::Ambiguous => AMBIGUOUS,
        Kind::Spanish => SPANISH,
        Kind::Specialty => SPECIALTIES,
        Kind::Misspelling => return Secret::new(kind, misspelled(chance)),
        _ => return digest(chance),
    };
    Secret::new(kind, (chance.pick(words)).to_owned())
}

/// One letter missing, doubled, or swapped with the next, never the first.
fn misspelled(chance: &mut Chance) -> String {
    let word = chance.pick(MISSPELLED);
    let mut letters: Vec<char> = word.chars().collect();
    loop {
        let at = 2 + usize::try_from(chance.below(letters.len() as u64 - 3)).unwrap_or(0);
        match chance.below(3) {
            0 => {
                letters.remove(at);
            }
            1 => letters.insert(at, letters[at]),
            _ => letters.swap(at, at + 1),
        }
        let text: String = letters.iter().collect();
        if text != word {
            return text;
        }
        letters = word.chars().collect();
    }
}

/// What a site makes of a word when it "only sends hashes".
fn digest(chance: &mut Chance) -> Secret {
    let list = chance.pick(&[DRUGS, CONDITIONS, PROCEDURES, TOPICS, AMBIGUOUS]);
    let word = written(chance.pick(list), chance);
    let text = match chance.below(3) {
        0 => hex(&Sha256::digest(&word)),
        1 => hex(&Sha1::digest(&word)),
        _ => hex(&Md5::digest(&word)),
    };
    Secret::new(Kind::HealthDigest, text)
}

fn written(word: &str, chance: &mut Chance) -> String {
    word.replace(' ', chance.pick(&[" ", "", "-", "_"]))
}

/// The digests of a word of health by which it is told as well as by itself, in the ways in which it could be written before.
pub(crate) fn digests(word: &str) -> Vec<String> {
    let lower = word.to_lowercase();
    let mut forms: Vec<String> = [" ", "", "-", "_"].map(|gap| lower.replace(' ', gap)).into();
    forms.push(word.to_owned());
    let all = |form: &String| [hex(&Sha256::digest(form)), hex(&Sha1::digest(form)), hex(&Md5::digest(form))];
    forms.iter().flat_map(all).collect()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]).filter_map(|digit| char::from_digit(u32::from(digit), 16)).collect()
}
