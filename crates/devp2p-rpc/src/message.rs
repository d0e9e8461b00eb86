//! A value, taken apart: a call, a notification, an answer, or nothing of that.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde::de::{self, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use crate::error::{Error, PARSE_ERROR};

/// Under this name every value that crosses is logged, at the level of traces: `-> ` and what is sent,
/// `<- ` and what comes.
pub(crate) const WIRE: &str = "devp2p_rpc::wire";
/// What stands where an id should be, when there is none that can be used.
const NULL: &str = "null";

/// What somebody sent.
#[derive(Debug)]
pub(crate) enum Message<'a> {
    /// A call: it is answered, with this id, written as it came.
    Call { id: &'a str, method: Cow<'a, str>, params: Option<&'a RawValue> },
    /// The same, and nobody wants to know what becomes of it.
    Notification { method: Cow<'a, str>, params: Option<&'a RawValue> },
    /// An answer to a call of ours. We have called nobody.
    Answer,
    /// Nothing that can be answered but with this.
    Invalid { id: &'a str },
}

/// The members that count. The last of several with the same name wins, others are passed over.
#[derive(Debug, Default)]
struct Members<'a> {
    version: Option<&'a RawValue>,
    id: Option<&'a RawValue>,
    method: Option<&'a RawValue>,
    params: Option<&'a RawValue>,
    is_answer: bool,
}

/// The name of a member.
#[derive(Deserialize)]
#[serde(field_identifier, rename_all = "lowercase")]
enum Name {
    Jsonrpc,
    Id,
    Method,
    Params,
    Result,
    Error,
    #[serde(other)]
    Other,
}

impl<'a> Message<'a> {
    /// Takes apart what is no batch.
    pub(crate) fn read(value: &'a RawValue) -> Self {
        let Ok(members) = serde_json::from_str::<Members<'a>>(value.get()) else {
            return Self::Invalid { id: NULL };
        };
        let method = members.method.and_then(text).unwrap_or_default();
        let version = members.version.and_then(text).unwrap_or_default();
        let id = members.id.map(RawValue::get);
        // No id, or an object, or an array.
        let usable = id.filter(|id| !id.starts_with(['{', '[']));
        let (is_call, is_answer) = (!method.is_empty(), members.is_answer);
        match (id, usable) {
            _ if version != "2.0" => {}
            (None, _) if is_call => {
                return Self::Notification { method, params: members.params };
            }
            (_, Some(id)) if is_call => return Self::Call { id, method, params: members.params },
            (_, Some(_)) if is_answer && members.params.is_none() => return Self::Answer,
            _ => {}
        }
        Self::Invalid { id: usable.unwrap_or(NULL) }
    }
}

/// The text that a value is, if it is one.
fn text(value: &RawValue) -> Option<Cow<'_, str>> {
    match serde_json::from_str::<&str>(value.get()) {
        Ok(plain) => Some(Cow::Borrowed(plain)),
        // It has escapes.
        Err(_) => serde_json::from_str::<String>(value.get()).ok().map(Cow::Owned),
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Members<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;
        impl<'de> Visitor<'de> for Reader {
            type Value = Members<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a call")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Members::default();
                while let Some(name) = map.next_key()? {
                    match name {
                        Name::Jsonrpc => members.version = Some(map.next_value()?),
                        Name::Id => members.id = Some(map.next_value()?),
                        Name::Method => members.method = Some(map.next_value()?),
                        Name::Params => members.params = Some(map.next_value()?),
                        Name::Result | Name::Error => {
                            members.is_answer = true;
                            map.next_value::<IgnoredAny>()?;
                        }
                        Name::Other => drop(map.next_value::<IgnoredAny>()?),
                    }
                }
                Ok(members)
            }
        }
        deserializer.deserialize_map(Reader)
    }
}

/// Checks that a value is whole, and is JSON. Nothing is copied.
///
/// # Errors
/// −32700: it is not.
pub fn parse(bytes: Vec<u8>) -> Result<Box<RawValue>, Error> {
    let text =
        String::from_utf8(bytes).map_err(|error| Error::new(PARSE_ERROR, error.utf8_error()))?;
    RawValue::from_string(text).map_err(|error| Error::new(PARSE_ERROR, error))
}

/// The elements of a batch; `None` if it is none. If there are more than `most`, `most` and one: nobody
/// needs the others, and each takes room.
pub(crate) fn batch(value: &RawValue, most: usize) -> Option<Vec<&RawValue>> {
    if !value.get().starts_with('[') {
        return None;
    }
    elements(value.get(), most).ok()
}

/// The elements of an array, `most` and one at most.
pub(crate) fn elements(array: &str, most: usize) -> serde_json::Result<Vec<&RawValue>> {
    struct Reader<'a, 'b>(&'b mut Vec<&'a RawValue>, usize);
    impl<'de> Visitor<'de> for Reader<'de, '_> {
        type Value = ();

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an array")
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut array: A) -> Result<(), A::Error> {
            while let Some(value) = array.next_element()? {
                self.0.push(value);
                if self.0.len() > self.1 {
                    return Err(de::Error::custom("it is too long"));
                }
            }
            Ok(())
        }
    }
    let mut elements = Vec::new();
    let mut json = serde_json::Deserializer::from_str(array);
    match json.deserialize_seq(Reader(&mut elements, most)) {
        Err(_) if elements.len() > most => Ok(elements),
        read => read.map(|()| elements),
    }
}

#[cfg(test)]
#[test]
fn no_more_of_a_list_is_read_than_is_wanted() {
    let read = |list: &str, most| elements(list, most).map(|found| found.len()).ok();
    assert_eq!([0, 2, 3, 4].map(|most| read("[1, {}, [2]]", most)), [1, 3, 3, 3].map(Some));
    assert_eq!(read("[]", 0), Some(0));
    assert_eq!(read("[1,2,3,nonsense", 2), Some(3));
    assert_eq!(read("[1,nonsense", 2), None);
}

/// The answer to a call that went well: `result` is JSON.
pub(crate) fn answer(id: &str, result: &str) -> String {
    ["{\"jsonrpc\":\"2.0\",\"id\":", id, ",\"result\":", result, "}"].concat()
}

/// The answer to a call that failed.
pub(crate) fn failure(id: &str, error: &Error) -> String {
    // Numbers and texts always have a JSON form.
    let error = serde_json::to_string(error).unwrap_or_default();
    format!("{{\"jsonrpc\":\"2.0\",\"id\":{id},\"error\":{error}}}")
}

/// What a subscription has to say.
pub(crate) fn event(namespace: &str, id: &str, result: &str) -> String {
    let (name, id_is) = ("_subscription\",\"params\":{\"subscription\":\"", "\",\"result\":");
    ["{\"jsonrpc\":\"2.0\",\"method\":\"", namespace, name, id, id_is, result, "}}"].concat()
}

/// Why a subscription has nothing more to say.
pub(crate) fn event_error(namespace: &str, id: &str, error: &Error) -> String {
    // Numbers and texts always have a JSON form.
    let error = serde_json::to_string(error).unwrap_or_default();
    format!(
        "{{\"jsonrpc\":\"2.0\",\"method\":\"{namespace}_subscription\",\
         \"params\":{{\"subscription\":\"{id}\",\"error\":{error}}}}}"
    )
}

/// The answer to what nobody can read, as [`parse`] says it.
#[must_use]
pub fn unreadable(error: &Error) -> String {
    failure(NULL, error)
}
