//! The two names of an operation: the model's `DescribeInstances`, boto3's `describe_instances`.

use crate::model::Service;

/// Words that boto3 does not take apart, with the spelling that keeps them whole.
const WORDS: [(&str, &str); 6] = [
    ("iSCSI", "Iscsi"),
    ("HITs", "Hits"),
    ("PartiQL", "Partiql"),
    ("OAuth2", "Oauth2"),
    ("WhatsApp", "Whatsapp"),
    ("OTel", "Otel"),
];

/// boto3's name of an operation or a waiter.
pub fn snake_case(name: &str) -> String {
    if name.contains('_') {
        return name.to_owned();
    }
    let name = WORDS.iter().fold(name.to_owned(), |name, (word, whole)| name.replace(word, whole));
    let mut letters: Vec<char> = name.chars().collect();
    // An acronym in the plural at the end, as in `ListWebACLs`, is one word.
    if letters.last() == Some(&'s') {
        let stem = letters.len() - 1;
        let capitals = letters[..stem].iter().rev().take_while(|letter| letter.is_ascii_uppercase()).count();
        if capitals >= 2 {
            let word = stem - capitals;
            letters[word..].iter_mut().for_each(|letter| *letter = letter.to_ascii_lowercase());
            letters.insert(word, '_');
        }
    }
    // A capital with small letters after it starts a word, whatever is before it ...
    let mut split = String::new();
    let mut index = 0;
    while index < letters.len() {
        split.push(letters[index]);
        let starts = |at: usize| letters.get(at).is_some_and(char::is_ascii_uppercase);
        let goes_on = |at: usize| letters.get(at).is_some_and(char::is_ascii_lowercase);
        if starts(index + 1) && goes_on(index + 2) {
            split.push('_');
            split.push(letters[index + 1]);
            index += 2;
            while goes_on(index) {
                split.push(letters[index]);
                index += 1;
            }
        } else {
            index += 1;
        }
    }
    // ... and so does any capital after a small letter or a digit.
    let mut snake = String::new();
    for letter in split.chars() {
        let after_small = |last: char| last.is_ascii_lowercase() || last.is_ascii_digit();
        if letter.is_ascii_uppercase() && split_before(&snake, after_small) {
            snake.push('_');
        }
        snake.push(letter);
    }
    snake.to_ascii_lowercase()
}

fn split_before(text: &str, condition: impl Fn(char) -> bool) -> bool {
    text.chars().next_back().is_some_and(condition)
}

/// The model's name of the operation that `name` means, in either spelling.
pub fn operation_name(service: &'static Service, name: &str) -> Option<&'static str> {
    meant(name, || service.operation_names())
}

/// The model's name of the waiter that `name` means, in either spelling.
pub fn waiter_name(service: &'static Service, name: &str) -> Option<&'static str> {
    meant(name, || service.waiters().keys().map(String::as_str))
}

/// Where boto3 puts its underscores does not matter: it is inconsistent with a few names.
fn meant<I: Iterator<Item = &'static str>>(name: &str, known: impl Fn() -> I) -> Option<&'static str> {
    let letters = name.replace('_', "");
    let is_snake = letters.len() < name.len() || !name.contains(|letter: char| letter.is_ascii_uppercase());
    known()
        .find(|known| *known == name)
        .or_else(|| known().find(|known| is_snake && letters == known.to_ascii_lowercase()))
}

/// The name that `name` was most likely meant to be: nearly the same letters.
pub fn closest<N: AsRef<str>>(name: &str, known: impl Iterator<Item = N>) -> Option<N> {
    let plain = |name: &str| name.to_ascii_lowercase().replace(['_', '-', ' '], "");
    let wanted = plain(name);
    let near = wanted.chars().count().div_ceil(4).min(3);
    let rated = known.map(|known| (distance(&wanted, &plain(known.as_ref())), known));
    rated
        .filter(|(distance, _)| *distance <= near)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, known)| known)
}

/// How many letters must be put in, taken out or exchanged to get from one word to the other.
fn distance(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().collect();
    let mut above: Vec<usize> = (0..=other.len()).collect();
    for (row, letter) in one.chars().enumerate() {
        let mut diagonal = above[0];
        above[0] = row + 1;
        for column in 0..other.len() {
            let changed = diagonal + usize::from(other[column] != letter);
            diagonal = above[column + 1];
            above[column + 1] = changed.min(diagonal + 1).min(above[column] + 1);
        }
    }
    above[other.len()]
}

#[cfg(test)]
mod tests {
    use super::{closest, operation_name, snake_case, waiter_name};
    use crate::model;

    #[test]
    fn names_are_boto3s() {
        for (name, snake) in [
            ("DescribeInstances", "describe_instances"),
            ("ListWebACLs", "list_web_acls"),
            ("DescribeDBInstances", "describe_db_instances"),
            ("CreateCachediSCSIVolume", "create_cached_iscsi_volume"),
            ("ListHITsForQualificationType", "list_hits_for_qualification_type"),
            ("ExecutePartiQLStatement", "execute_partiql_statement"),
            ("CreateOAuth2TokenWithIAM", "create_oauth2_token_with_iam"),
            ("ListObjectsV2", "list_objects_v2"),
            ("GetBucketAcl", "get_bucket_acl"),
            ("TestDNSAnswer", "test_dns_answer"),
        ] {
            assert_eq!(snake_case(name), snake);
        }
    }

    #[test]
    fn both_spellings_are_found() {
        let ec2 = model::load("ec2").unwrap();
        assert_eq!(operation_name(ec2, "describe_instances"), Some("DescribeInstances"));
        assert_eq!(operation_name(ec2, "DescribeInstances"), Some("DescribeInstances"));
        assert_eq!(operation_name(ec2, "describe_instance"), None);
        assert_eq!(operation_name(ec2, "Describe_Instances"), None);
        let signin = model::load("signin").unwrap();
        let odd = operation_name(signin, "create_o_auth2_token_with_token_exchange");
        assert_eq!(odd, Some("CreateOAuth2TokenWithTokenExchange"));
        assert_eq!(waiter_name(ec2, "instance_stopped"), Some("InstanceStopped"));
    }

    #[test]
    fn misspelt_names_are_understood() {
        let names = || ["describe_instances", "describe_images", "run_instances"].into_iter();
        assert_eq!(closest("describe_instance", names()), Some("describe_instances"));
        assert_eq!(closest("descirbe_images", names()), Some("describe_images"));
        assert_eq!(closest("RunInstances", names()), Some("run_instances"));
        assert_eq!(closest("list_buckets", names()), None);
    }
}
