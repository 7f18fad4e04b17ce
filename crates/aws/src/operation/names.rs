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
    let names = || service.operation_names();
    names().find(|known| *known == name).or_else(|| names().find(|known| snake_case(known) == name))
}

/// The model's name of the waiter that `name` means, in either spelling.
pub fn waiter_name(service: &'static Service, name: &str) -> Option<&'static str> {
    let names = || service.waiters().keys().map(String::as_str);
    names().find(|known| *known == name).or_else(|| names().find(|known| snake_case(known) == name))
}

#[cfg(test)]
mod tests {
    use super::{operation_name, snake_case, waiter_name};
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
        assert_eq!(waiter_name(ec2, "instance_stopped"), Some("InstanceStopped"));
    }
}
