//! Positional parameters with types: a tuple. Those at its end may be [`Option`]s, and be left out.

use std::fmt;

use serde::de::value::Error as MissingError;
use serde::de::{DeserializeOwned, Deserializer, Error as _, Visitor};
use serde::forward_to_deserialize_any;
use serde_json::value::RawValue;

use crate::error::{Error, INVALID_PARAMS};
use crate::message;

/// More parameters than any method has.
const MOST: usize = 64;

/// The parameters of a method: `()`, `(A,)`, `(A, B)` and so on, up to six.
pub trait Params: Sized + Send + 'static {
    /// How many there are at most.
    const COUNT: usize;

    /// Reads them. `first` is the number of the first one, as errors say it.
    ///
    /// # Errors
    /// −32602: one is missing, there are too many, or one is something else.
    fn read(values: &[&RawValue], first: usize) -> Result<Self, Error>;
}

/// The elements of `params`: none if it is not there, or `null`.
///
/// # Errors
/// −32602: it is no array. Names instead of positions are not supported, as in go-ethereum.
pub(crate) fn elements(params: Option<&RawValue>) -> Result<Vec<&RawValue>, Error> {
    match params.map(RawValue::get) {
        None | Some("null") => Ok(Vec::new()),
        Some(array) if array.starts_with('[') => {
            message::elements(array, MOST).map_err(|error| Error::new(INVALID_PARAMS, error))
        }
        Some(_) => Err(Error::new(INVALID_PARAMS, "non-array args")),
    }
}

/// Checks that there are not too many.
fn at_most(count: usize, values: &[&RawValue], first: usize) -> Result<(), Error> {
    if values.len() <= count {
        return Ok(());
    }
    let most = count.saturating_add(first);
    Err(Error::new(INVALID_PARAMS, format_args!("too many arguments, want at most {most}")))
}

fn one<T: DeserializeOwned>(values: &[&RawValue], at: usize, first: usize) -> Result<T, Error> {
    let number = at.saturating_add(first);
    match values.get(at) {
        // A whole number with a sign, which serde takes for a fraction.
        Some(value) if value.get() == "-0" && serde_json::from_str::<T>("-0").is_err() => {
            serde_json::from_str("0").map_err(|error| Error::new(INVALID_PARAMS, error))
        }
        Some(value) => serde_json::from_str(value.get()).map_err(|error| {
            let why = error.to_string();
            // It is one line, and nobody has seen it.
            let why = why.split(" at line ").next().unwrap_or_default();
            Error::new(INVALID_PARAMS, format_args!("invalid argument {number}: {why}"))
        }),
        None => T::deserialize(Missing).map_err(|_| {
            let text = format!("missing value for required argument {number}");
            Error::new(INVALID_PARAMS, text)
        }),
    }
}

/// What is not there: an [`Option`] is `None` then, and nothing else can be read from it.
struct Missing;

impl<'de> Deserializer<'de> for Missing {
    type Error = MissingError;

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, MissingError> {
        Err(MissingError::custom("it is missing"))
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, MissingError> {
        visitor.visit_none()
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit
        unit_struct newtype_struct seq tuple tuple_struct map struct enum identifier ignored_any
    }
}

macro_rules! tuples {
    ($($count:literal ($($name:ident $at:tt)*))*) => {$(
        impl<$($name: DeserializeOwned + Send + 'static),*> Params for ($($name,)*) {
            const COUNT: usize = $count;

            fn read(values: &[&RawValue], first: usize) -> Result<Self, Error> {
                at_most(Self::COUNT, values, first)?;
                Ok(($(one::<$name>(values, $at, first)?,)*))
            }
        }
    )*};
}

tuples! {
    0 ()
    1 (A 0)
    2 (A 0 B 1)
    3 (A 0 B 1 C 2)
    4 (A 0 B 1 C 2 D 3)
    5 (A 0 B 1 C 2 D 3 E 4)
    6 (A 0 B 1 C 2 D 3 E 4 F 5)
}

impl fmt::Debug for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Missing")
    }
}
