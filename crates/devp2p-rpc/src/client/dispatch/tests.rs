use super::*;

fn raw(json: &str) -> Box<RawValue> {
    RawValue::from_string(json.to_owned()).unwrap()
}

fn call(method: &str, params: Option<&str>) -> Call {
    Call { method: method.to_owned(), params: params.map(raw) }
}

/// What has come of a call.
fn result(mut answer: oneshot::Receiver<Result<Box<RawValue>>>) -> String {
    match answer.try_recv() {
        Ok(Ok(result)) => result.get().to_owned(),
        Ok(Err(error)) => format!("error: {error}"),
        Err(error) => error.to_string(),
    }
}

fn incoming(dispatch: &mut Dispatch, json: &str) -> std::result::Result<Vec<String>, Arc<str>> {
    dispatch.incoming(&raw(json))
}

#[test]
fn calls_are_written_as_go_ethereum_writes_them() {
    let mut dispatch = Dispatch::new(10);
    let (first, ..) = dispatch.call(&call("foo_bar", None));
    let (second, ..) = dispatch.call(&call("foo_\"", Some("[1,null]")));
    assert_eq!(first, r#"{"jsonrpc":"2.0","id":1,"method":"foo_bar"}"#);
    assert_eq!(second, r#"{"jsonrpc":"2.0","id":2,"method":"foo_\"","params":[1,null]}"#);
    let (batch, ids, _) = dispatch.batch(&[call("a_b", None), call("c_d", None)]);
    assert_eq!(
        batch,
        r#"[{"jsonrpc":"2.0","id":3,"method":"a_b"},{"jsonrpc":"2.0","id":4,"method":"c_d"}]"#
    );
    assert_eq!(ids, [3, 4]);
}

#[test]
fn answers_find_their_calls_in_any_order() {
    let mut dispatch = Dispatch::new(10);
    let calls: Vec<_> = (0..6).map(|_| dispatch.call(&call("a_b", None)).2).collect();
    for answer in [
        r#"{"jsonrpc":"2.0","id":6,"error":{"code":-32000,"message":"no"},"result":1}"#,
        r#"{"jsonrpc":"2.0","id":5}"#,
        r#"{"jsonrpc":"2.0","id":4,"result":null}"#,
        r#"{"result":{"b":[2 ]},"id":3}"#,
        // Not ours, and no answers to anything.
        r#"{"jsonrpc":"2.0","id":"2","result":2}"#,
        r#"{"jsonrpc":"2.0","id":2.0,"result":2}"#,
        r#"{"jsonrpc":"2.0","id":99,"result":2}"#,
        r#"{"jsonrpc":"2.0","method":"a_subscription","params":{"subscription":"0x1","result":1}}"#,
        r#"{"jsonrpc":"2.0","method":"a_subscription","params":[]}"#,
        r#"{"jsonrpc":"2.0","id":1,"result":"first"}"#,
        // A second time.
        r#"{"jsonrpc":"2.0","id":1,"result":"again"}"#,
    ] {
        assert_eq!(incoming(&mut dispatch, answer), Ok(Vec::new()), "{answer}");
    }
    let results: Vec<_> = calls.into_iter().map(result).collect();
    let expected = [
        "\"first\"",
        "channel empty",
        "{\"b\":[2 ]}",
        "null",
        "error: the answer has no result",
        "error: the node answers: no (-32000)",
    ];
    assert_eq!(results, expected);
    assert_eq!(dispatch.waiting.len(), 1);
}

#[test]
fn what_cannot_be_an_answer_is_said() {
    let told = |json: &str| incoming(&mut Dispatch::new(10), json).unwrap_err().to_string();
    assert!(told("1").starts_with("what it says is no answer"));
    assert!(told("[1]").starts_with("what it says is no answer"));
    assert!(told("{\"error\":1,\"id\":1}").starts_with("what it says is no answer"));
    let unreadable = r#"{"jsonrpc":"2.0","id":null,"error":{"code":-32700,"message":"bad"}}"#;
    assert_eq!(told(unreadable), "it has not understood: bad (-32700)");
}

#[test]
fn what_is_left_out_of_a_batch_has_no_result() {
    let mut dispatch = Dispatch::new(10);
    let (_, _, other) = dispatch.call(&call("x_y", None));
    let calls: Vec<_> = (0..3).map(|_| call("a_b", None)).collect();
    let (_, _, answers) = dispatch.batch(&calls);
    let too_large = r#"[{"id":2,"error":{"code":-32600,"message":"batch too large"}}]"#;
    assert_eq!(incoming(&mut dispatch, too_large), Ok(Vec::new()));
    let results: Vec<_> = answers.into_iter().map(result).collect();
    assert_eq!(results[0], "error: the node answers: batch too large (-32600)");
    assert_eq!(
        results[1..],
        ["error: the answer has no result", "error: the answer has no result"]
    );
    assert_eq!(result(other), "channel empty");
}

/// A subscription with this id.
fn subscribed(dispatch: &mut Dispatch, id: &str) -> Feed {
    let (text, call, mut answer) = dispatch.subscribe("foo", raw("[\"bar\"]"));
    assert!(text.ends_with(r#""method":"foo_subscribe","params":["bar"]}"#), "{text}");
    let told = format!("{{\"id\":{call},\"result\":\"{id}\"}}");
    assert_eq!(incoming(dispatch, &told), Ok(Vec::new()));
    answer.try_recv().unwrap().unwrap()
}

fn event(id: &str, rest: &str) -> String {
    format!("{{\"method\":\"foo_subscription\",\"params\":{{\"subscription\":\"{id}\",{rest}}}}}")
}

fn told(feed: &mut Feed) -> String {
    match feed.events.try_recv() {
        Ok(Ok(event)) => event.get().to_owned(),
        Ok(Err(end)) => format!("end: {end}"),
        Err(error) => error.to_string(),
    }
}

#[test]
fn events_find_their_subscriptions() {
    let mut dispatch = Dispatch::new(10);
    let (mut a, mut b) = (subscribed(&mut dispatch, "0xa"), subscribed(&mut dispatch, "0xb"));
    for (id, rest) in [("0xb", "\"result\":1"), ("0xa", "\"result\":null"), ("0xc", "\"result\":3")]
    {
        assert_eq!(incoming(&mut dispatch, &event(id, rest)), Ok(Vec::new()));
    }
    assert_eq!([told(&mut a), told(&mut b)], ["null", "1"]);
    let over = event("0xa", r#""error":{"code":-32005,"message":"too slow"}"#);
    assert_eq!(incoming(&mut dispatch, &over), Ok(Vec::new()));
    assert_eq!(told(&mut a), "end: the node has ended the subscription: too slow (-32005)");
    assert_eq!(told(&mut a), "receiving on a closed channel");
    assert_eq!(dispatch.unsubscribe("0xa"), None);
    let unsubscribe = dispatch.unsubscribe("0xb").unwrap();
    assert!(unsubscribe.ends_with(r#""method":"foo_unsubscribe","params":["0xb"]}"#));
    assert_eq!(told(&mut b), "receiving on a closed channel");
}

#[test]
fn an_owner_who_does_not_read_loses_the_subscription_and_hears_why() {
    let mut dispatch = Dispatch::new(2);
    let mut feed = subscribed(&mut dispatch, "0xa");
    for n in 1..3 {
        let event = event("0xa", &format!("\"result\":{n}"));
        assert_eq!(incoming(&mut dispatch, &event), Ok(Vec::new()));
    }
    let unsubscribe = incoming(&mut dispatch, &event("0xa", "\"result\":3")).unwrap();
    assert!(unsubscribe[0].contains("foo_unsubscribe"), "{unsubscribe:?}");
    assert_eq!(incoming(&mut dispatch, &event("0xa", "\"result\":4")), Ok(Vec::new()));
    assert_eq!([told(&mut feed), told(&mut feed)], ["1", "2"]);
    assert!(told(&mut feed).starts_with("end: 2 events waited"));
    assert_eq!(told(&mut feed), "receiving on a closed channel");
}

#[test]
fn a_subscription_that_nobody_waits_for_is_ended() {
    let mut dispatch = Dispatch::new(2);
    let (_, id, answer) = dispatch.subscribe("foo", raw("[\"bar\"]"));
    drop(answer);
    let told = format!("{{\"id\":{id},\"result\":\"0xa\"}}");
    let unsubscribe = incoming(&mut dispatch, &told).unwrap();
    assert!(unsubscribe[0].contains("\"params\":[\"0xa\"]"), "{unsubscribe:?}");
}

#[test]
fn with_the_connection_all_ends() {
    let mut dispatch = Dispatch::new(2);
    let (_, _, answer) = dispatch.call(&call("a_b", None));
    let mut feed = subscribed(&mut dispatch, "0xa");
    dispatch.lose(&"the node has closed it".into());
    let lost = "error: the connection is lost (the node has closed it): \
                whether the call was done is not known";
    assert_eq!(result(answer), lost);
    assert_eq!(told(&mut feed), "receiving on a closed channel");
    assert_eq!(dispatch.lost().as_deref(), Some("the node has closed it"));
}
