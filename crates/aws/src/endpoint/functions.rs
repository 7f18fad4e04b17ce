//! The functions that rules call.

use std::borrow::Cow;
use std::rc::Rc;

use super::partitions::Partition;
use super::url::{Url, is_ipv4, percent_encode};
use super::value::Value;

/// A function of the rules' standard library.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Function {
    /// `aws.isVirtualHostableS3Bucket`
    IsVirtualHostableS3Bucket,
    /// `aws.parseArn`
    ParseArn,
    /// `aws.partition`
    Partition,
    /// `booleanEquals`
    BooleanEquals,
    /// `getAttr`
    GetAttr,
    /// `isSet`
    IsSet,
    /// `isValidHostLabel`
    IsValidHostLabel,
    /// `not`
    Not,
    /// `parseURL`
    ParseUrl,
    /// `stringEquals`
    StringEquals,
    /// `substring`
    Substring,
    /// `uriEncode`
    UriEncode,
}

/// An ARN's parts.
#[derive(Debug, PartialEq, Eq)]
pub struct Arn<'r> {
    text: Cow<'r, str>,
}

impl Function {
    /// The function of that name.
    pub fn named(name: &str) -> Option<Self> {
        Some(match name {
            "aws.isVirtualHostableS3Bucket" => Function::IsVirtualHostableS3Bucket,
            "aws.parseArn" => Function::ParseArn,
            "aws.partition" => Function::Partition,
            "booleanEquals" => Function::BooleanEquals,
            "getAttr" => Function::GetAttr,
            "isSet" => Function::IsSet,
            "isValidHostLabel" => Function::IsValidHostLabel,
            "not" => Function::Not,
            "parseURL" => Function::ParseUrl,
            "stringEquals" => Function::StringEquals,
            "substring" => Function::Substring,
            "uriEncode" => Function::UriEncode,
            _ => return None,
        })
    }

    /// How many arguments it takes.
    pub fn arity(self) -> usize {
        match self {
            Function::ParseArn
            | Function::Partition
            | Function::IsSet
            | Function::Not
            | Function::ParseUrl
            | Function::UriEncode => 1,
            Function::IsVirtualHostableS3Bucket
            | Function::BooleanEquals
            | Function::GetAttr
            | Function::IsValidHostLabel
            | Function::StringEquals => 2,
            Function::Substring => 4,
        }
    }

    /// Calls it with as many arguments as it takes.
    ///
    /// # Errors
    ///
    /// Arguments of the wrong type, in botocore's words.
    pub fn call<'r>(self, arguments: &[Value<'r>]) -> Result<Value<'r>, String> {
        Ok(match (self, arguments) {
            (Function::IsSet, [value]) => Value::Flag(*value != Value::None),
            (Function::Not, [value]) => Value::Flag(!value.is_truthy()),
            (Function::GetAttr, [value, Value::Text(path)]) => attribute(value, path),
            (Function::StringEquals, [Value::Text(one), Value::Text(other)]) => Value::Flag(one == other),
            (Function::StringEquals, [one, other]) => {
                let (one, other) = (one.python_type(), other.python_type());
                return Err(format!("Both values must be strings, not {one} and {other}."));
            }
            (Function::BooleanEquals, [Value::Flag(one), Value::Flag(other)]) => Value::Flag(one == other),
            (Function::BooleanEquals, [one, other]) => {
                let (one, other) = (one.python_type(), other.python_type());
                return Err(format!("Both arguments must be bools, not {one} and {other}."));
            }
            (
                Function::Substring,
                [Value::Text(text), Value::Number(start), Value::Number(stop), reverse],
            ) => substring(text, *start, *stop, reverse.is_truthy()).map_or(Value::None, Value::text),
            (Function::Substring, [value, ..]) => {
                return Err(format!("Input must be a string, not {}.", value.python_type()));
            }
            (Function::IsValidHostLabel, [value, subdomains]) => {
                Value::Flag(value.as_text().is_some_and(|text| is_host_label(text, subdomains.is_truthy())))
            }
            (Function::IsVirtualHostableS3Bucket, [value, subdomains]) => Value::Flag(
                value.as_text().is_some_and(|text| is_virtual_hostable(text, subdomains.is_truthy())),
            ),
            (Function::Partition, [value]) => Value::Partition(Partition::of(value.as_text())),
            (Function::ParseArn, [Value::Text(text)]) => {
                Arn::parse(text.clone()).map_or(Value::None, |arn| Value::Arn(Rc::new(arn)))
            }
            (Function::ParseUrl, [Value::Text(text)]) => {
                Url::parse(text).map_or(Value::None, |url| Value::Url(Rc::new(url)))
            }
            (Function::UriEncode, [Value::Text(text)]) => Value::text(percent_encode(text, b"").into_owned()),
            // What is not set has no parts.
            _ => Value::None,
        })
    }
}

/// Follows a path such as `resourceId[0]`, `scheme`, `a.b`.
fn attribute<'r>(value: &Value<'r>, path: &str) -> Value<'r> {
    path.split('.').fold(value.clone(), |value, part| {
        match part.strip_suffix(']').and_then(|part| part.split_once('[')) {
            Some((name, index)) => {
                let list = if name.is_empty() { value } else { value.attribute(name) };
                index.parse().map_or(Value::None, |index| list.item(index))
            }
            None => value.attribute(part),
        }
    })
}

/// The characters from `start` to `stop`, counted from the end where `reverse`; ASCII only.
fn substring(text: &str, start: i64, stop: i64, reverse: bool) -> Option<String> {
    let (start, stop) = (usize::try_from(start).ok()?, usize::try_from(stop).ok()?);
    if start >= stop || text.len() < stop || !text.is_ascii() {
        return None;
    }
    let range = if reverse { text.len() - stop..text.len() - start } else { start..stop };
    text.get(range).map(str::to_owned)
}

/// Whether a text can be a label of a host name, or several with dots between them.
pub(super) fn is_host_label(text: &str, subdomains: bool) -> bool {
    if subdomains { text.split('.').all(is_label) } else { is_label(text) }
}

/// One to 63 letters, digits and hyphens; none at either end.
pub(super) fn is_label(text: &str) -> bool {
    (1..=63).contains(&text.len())
        && !text.starts_with('-')
        && !text.ends_with('-')
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

/// Whether a bucket can be the first label of a host name.
fn is_virtual_hostable(bucket: &str, subdomains: bool) -> bool {
    bucket.chars().nth(2).is_some()
        && !bucket.chars().any(char::is_uppercase)
        && !is_ipv4(bucket)
        && is_host_label(bucket, subdomains)
}

impl<'r> Arn<'r> {
    /// Takes an ARN apart; `None` for text that is none, or has no partition, service or resource.
    fn parse(text: Cow<'r, str>) -> Option<Self> {
        let arn = Arn { text };
        let needed = [1, 2, 5].map(|at| arn.part(at).is_some_and(|part| !part.is_empty()));
        (arn.text.starts_with("arn:") && needed == [true; 3]).then_some(arn)
    }

    /// `arn:partition:service:region:account:resource`, whose resource may have colons.
    fn part(&self, at: usize) -> Option<&str> {
        self.text.splitn(6, ':').nth(at)
    }

    /// The attribute that rules name.
    pub(super) fn attribute(&self, name: &str) -> Value<'r> {
        let at = match name {
            "partition" => 1,
            "service" => 2,
            "region" => 3,
            "accountId" => 4,
            "resourceId" => {
                let resource = self.part(5).unwrap_or_default();
                return Value::List(
                    resource.split([':', '/']).map(|part| Value::text(part.to_owned())).collect(),
                );
            }
            _ => return Value::None,
        };
        self.part(at).map_or(Value::None, |part| Value::text(part.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::Function;
    use crate::endpoint::value::Value;

    fn call(name: &str, arguments: &[Value<'static>]) -> Value<'static> {
        let function = Function::named(name).unwrap();
        assert_eq!(function.arity(), arguments.len(), "{name}");
        function.call(arguments).unwrap()
    }

    fn text(text: &'static str) -> Value<'static> {
        Value::text(text)
    }

    const YES: Value<'static> = Value::Flag(true);
    const NO: Value<'static> = Value::Flag(false);

    #[test]
    fn is_set_and_not() {
        assert_eq!(call("isSet", &[Value::None]), NO);
        assert_eq!(call("isSet", &[text("")]), YES);
        assert_eq!(call("isSet", &[NO]), YES);
        assert_eq!(call("not", &[NO]), YES);
        assert_eq!(call("not", &[YES]), NO);
        assert_eq!(call("not", &[Value::None]), YES);
        assert_eq!(call("not", &[text("")]), YES);
    }

    #[test]
    fn only_like_is_compared_with_like() {
        assert_eq!(call("stringEquals", &[text("a"), text("a")]), YES);
        assert_eq!(call("stringEquals", &[text("a"), text("A")]), NO);
        assert_eq!(call("booleanEquals", &[YES, YES]), YES);
        assert_eq!(call("booleanEquals", &[YES, NO]), NO);
        let error = Function::StringEquals.call(&[Value::None, text("a")]).unwrap_err();
        assert_eq!(error, "Both values must be strings, not <class 'NoneType'> and <class 'str'>.");
        let error = Function::BooleanEquals.call(&[text("true"), YES]).unwrap_err();
        assert_eq!(error, "Both arguments must be bools, not <class 'str'> and <class 'bool'>.");
    }

    #[test]
    fn substrings_count_from_either_end() {
        let cut = |value: &'static str, start, stop, reverse| {
            call("substring", &[text(value), Value::Number(start), Value::Number(stop), Value::Flag(reverse)])
        };
        assert_eq!(cut("abcdefg", 0, 4, false), text("abcd"));
        assert_eq!(cut("abcdefg", 0, 4, true), text("defg"));
        assert_eq!(cut("abcdefg", 1, 3, true), text("ef"));
        assert_eq!(cut("abc", 0, 3, false), text("abc"));
        for (value, start, stop) in
            [("abc", 0, 4), ("abc", 2, 2), ("abc", 3, 1), ("äbcdefg", 0, 3), ("abc", -1, 2)]
        {
            assert_eq!(cut(value, start, stop, false), Value::None, "{value} {start} {stop}");
        }
        let error =
            Function::Substring.call(&[Value::None, Value::Number(0), Value::Number(1), NO]).unwrap_err();
        assert_eq!(error, "Input must be a string, not <class 'NoneType'>.");
    }

    #[test]
    fn host_labels() {
        for (value, subdomains, expected) in [
            (text("bucket"), false, YES),
            (text("my-bucket-1"), false, YES),
            (text("a.b"), false, NO),
            (text("a.b"), true, YES),
            (text("a..b"), true, NO),
            (text("-a"), false, NO),
            (text("a-"), false, NO),
            (text("a_b"), false, NO),
            (text(""), false, NO),
            (text("a\n"), false, NO),
            (text("a.-b"), true, NO),
            (Value::None, true, NO),
        ] {
            assert_eq!(
                call("isValidHostLabel", &[value.clone(), Value::Flag(subdomains)]),
                expected,
                "{value:?}"
            );
        }
        let long = |length| Value::text("a".repeat(length));
        assert_eq!(call("isValidHostLabel", &[long(63), NO]), YES);
        assert_eq!(call("isValidHostLabel", &[long(64), NO]), NO);
    }

    #[test]
    fn buckets_that_can_be_host_names() {
        for (value, subdomains, expected) in [
            ("bucket", false, YES),
            ("ab", false, NO),
            ("Bucket", false, NO),
            ("192.168.1.1", true, NO),
            ("a.bucket", true, YES),
            ("a.bucket", false, NO),
            ("bucket_1", false, NO),
            ("bucket-", false, NO),
        ] {
            assert_eq!(
                call("aws.isVirtualHostableS3Bucket", &[text(value), Value::Flag(subdomains)]),
                expected,
                "{value}"
            );
        }
        assert_eq!(call("aws.isVirtualHostableS3Bucket", &[Value::None, NO]), NO);
    }

    #[test]
    fn arns_are_taken_apart() {
        let arn = call("aws.parseArn", &[text("arn:aws:s3:us-west-2:123456789012:accesspoint:name/key")]);
        for (path, expected) in [
            ("partition", text("aws")),
            ("service", text("s3")),
            ("region", text("us-west-2")),
            ("accountId", text("123456789012")),
            ("resourceId[0]", text("accesspoint")),
            ("resourceId[1]", text("name")),
            ("resourceId[2]", text("key")),
            ("resourceId[3]", Value::None),
            ("colour", Value::None),
        ] {
            assert_eq!(call("getAttr", &[arn.clone(), text(path)]), expected, "{path}");
        }
        assert_eq!(
            call("getAttr", &[call("aws.parseArn", &[text("arn:aws:sns:::t")]), text("region")]),
            text("")
        );
        for broken in
            ["", "bucket", "arn:aws:s3", "arn::s3:::b", "arn:aws::::b", "arn:aws:s3:::", "ARN:aws:s3:::b"]
        {
            assert_eq!(call("aws.parseArn", &[text(broken)]), Value::None, "{broken}");
        }
        assert_eq!(call("aws.parseArn", &[Value::None]), Value::None);
    }

    #[test]
    fn lists_have_items() {
        let list = Value::List([text("a"), text("b")].into_iter().collect());
        assert_eq!(call("getAttr", &[list.clone(), text("[1]")]), text("b"));
        assert_eq!(call("getAttr", &[list, text("[2]")]), Value::None);
        assert_eq!(call("getAttr", &[Value::None, text("[0]")]), Value::None);
    }

    #[test]
    fn urls_partitions_and_encoding() {
        let url = call("parseURL", &[text("http://127.0.0.1:5000/a")]);
        assert_eq!(call("getAttr", &[url.clone(), text("isIp")]), YES);
        assert_eq!(call("getAttr", &[url, text("normalizedPath")]), text("/a/"));
        assert_eq!(call("parseURL", &[text("sqs")]), Value::None);
        assert_eq!(call("parseURL", &[Value::None]), Value::None);
        let partition = call("aws.partition", &[text("cn-north-1")]);
        assert_eq!(call("getAttr", &[partition, text("dnsSuffix")]), text("amazonaws.com.cn"));
        assert_eq!(call("getAttr", &[call("aws.partition", &[Value::None]), text("name")]), text("aws"));
        assert_eq!(call("uriEncode", &[text("a b/c")]), text("a%20b%2Fc"));
        assert_eq!(call("uriEncode", &[Value::None]), Value::None);
    }

    #[test]
    fn there_are_no_other_functions() {
        assert_eq!(Function::named("coalesce"), None);
    }
}
