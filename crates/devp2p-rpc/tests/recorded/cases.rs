//! The recorded cases.

use serde_json::Value;

/// Those of a transport.
pub(crate) fn cases(transport: &str) -> Vec<Value> {
    let file: Value = serde_json::from_str(include_str!("../vectors/rpc_geth.json")).unwrap();
    let cases = file["cases"].as_array().unwrap().iter();
    cases.filter(|case| case["transport"] == transport).cloned().collect()
}

/// An accident of Go.
pub(crate) fn is_quirk(case: &Value) -> bool {
    case["quirk"].is_string() || case["quirk"] == true
}

/// Text, or a list of text, `{hex}` and `{repeat, times}`.
pub(crate) fn expand(parts: &Value) -> Vec<u8> {
    match parts {
        Value::String(text) => text.clone().into_bytes(),
        Value::Array(parts) => parts.iter().flat_map(expand).collect(),
        parts => match parts["hex"].as_str() {
            Some(hex) => (0..hex.len() / 2)
                .map(|at| u8::from_str_radix(&hex[2 * at..2 * at + 2], 16).unwrap())
                .collect(),
            None => {
                let times = usize::try_from(parts["times"].as_u64().unwrap()).unwrap();
                expand(&parts["repeat"]).repeat(times)
            }
        },
    }
}
