//! What is seen of a program that is asked over RPC.

use devp2p_rpc::client::{Client, ClientError};
use devp2p_rpc::{FAILED, INTERNAL_ERROR, INVALID_PARAMS, METHOD_NOT_FOUND};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::room::{Checked, Room};

/// Calls a method, which must have a result.
pub(crate) async fn ask<T: DeserializeOwned>(
    room: &mut Room<'_>,
    client: &Client,
    method: &str,
    params: impl Serialize,
) -> Checked<T> {
    let call = client.call(method, params);
    room.wait(&answer_to(method), call).await?.map_err(|error| in_words(method, &error))
}

/// Calls a method, which must refuse, with this code.
pub(crate) async fn is_refused(
    room: &mut Room<'_>,
    client: &Client,
    method: &str,
    params: impl Serialize,
    code: i64,
) -> Checked<String> {
    let call = client.raw_call(method, params);
    match room.wait(&answer_to(method), call).await? {
        Err(ClientError::Refused(error)) if error.code == code => Ok(error.message),
        Err(error) => Err(in_words(method, &error)),
        Ok(result) => {
            Err(format!("{method} was to refuse, with the error {code}. Its result was {result}."))
        }
    }
}

fn answer_to(method: &str) -> String {
    format!("an answer to {method}")
}

/// What is seen when a call has no result.
pub(crate) fn in_words(method: &str, error: &ClientError) -> String {
    let advice = match error {
        ClientError::Refused(error) => match error.code {
            METHOD_NOT_FOUND => {
                " Its whole name is the module's, then _, then the method's. Are both spelled as in \
                 the task, and is the module among those that the server is given?"
            }
            INVALID_PARAMS => {
                " The parameters of a method are a tuple: (i64,) is one number. Are they those of the \
                 task, in this order? What may be left out is an Option."
            }
            INTERNAL_ERROR => {
                " That is what a server says when a method panics. What can go wrong in it? Answer \
                 with an error in that case."
            }
            FAILED => " That is the error that your method gives back.",
            _ => "",
        },
        ClientError::Lost(_) => " Has your server been dropped, or your program ended?",
        ClientError::Unexpected(_) => " It has a result of another type than the task says.",
        _ => "",
    };
    format!("I called {method}: {error}.{advice}")
}
