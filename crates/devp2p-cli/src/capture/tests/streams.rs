//! Streams, whatever way their segments come; and who talks to whom.

use super::builder::{ACK, FIN, RAW, RST, SYN, Tcp, after_hello, hello, listener, pcap, tcp};
use super::{only, told, whole};

/// What a conversation tells that begins with hello.
#[track_caller]
fn tells(segments: &[Tcp<'_>], expected: &[&str]) {
    let conversation = only(&after_hello(segments));
    assert!(conversation.saw_begin);
    assert_eq!(told(&conversation), expected);
}

#[test]
fn both_directions_come_in_the_order_of_the_capture() {
    let segments = [
        tcp(0, 101, 501, b"auth"),
        tcp(0, 501, 105, b"ack").back(),
        tcp(0, 105, 504, b"Hello"),
        tcp(FIN, 504, 110, b"Hello").back(),
        tcp(FIN, 110, 510, b""),
        tcp(0, 510, 111, b"").back(),
    ];
    tells(&segments, &["> auth", "< ack", "> Hello", "< Hello", "< end", "> end"]);
}

#[test]
fn segments_out_of_order_wait_for_those_before_them() {
    let [a, b, c] =
        [(101, b"aa"), (103, b"bb"), (105, b"cc")].map(|(at, text)| tcp(0, at, 501, text));
    tells(&[c, a, b], &["> aa", "> bb", "> cc"]);
    tells(&[tcp(FIN, 107, 501, b""), c, b, a], &["> aa", "> bb", "> cc", "> end"]);
}

#[test]
fn repeated_and_overlapping_bytes_are_told_once() {
    let a = tcp(0, 101, 501, b"abcd");
    tells(&[a, a, tcp(0, 103, 501, b"cdef"), a], &["> abcd", "> ef"]);
    // Overlaps among those that wait; the longer one of two counts.
    let waiting = [tcp(0, 103, 501, b"cd"), tcp(0, 103, 501, b"cdef"), tcp(0, 105, 501, b"efgh")];
    tells(
        &[waiting[0], waiting[1], waiting[2], tcp(0, 101, 501, b"abc")],
        &["> abc", "> def", "> gh"],
    );
    // All at once, after its parts.
    tells(&[waiting[0], a, tcp(0, 101, 501, b"abcdefgh")], &["> abcd", "> efgh"]);
}

#[test]
fn keep_alives_and_zero_window_probes_add_nothing() {
    let word = tcp(0, 101, 501, b"word");
    let keep_alives = [tcp(0, 104, 501, b""), tcp(0, 104, 501, b"?")];
    let answer = tcp(0, 501, 105, b"").back();
    // A probe is the next byte, which comes again when there is room.
    let probes = [tcp(0, 105, 501, b"n"), tcp(0, 105, 501, b"n"), tcp(0, 105, 501, b"next")];
    let segments =
        [word, keep_alives[0], answer, keep_alives[1], answer, probes[0], probes[1], probes[2]];
    tells(&segments, &["> word", "> n", "> ext"]);
}

#[test]
fn sequence_numbers_wrap_around() {
    let begin = u32::MAX - 3;
    let segments = [
        tcp(SYN, begin, 0, b""),
        tcp(SYN, u32::MAX, begin + 1, b"").back(),
        tcp(0, 1, 0, b"ef"),
        tcp(0, 0, begin + 1, b"ack").back(),
        tcp(0, begin + 1, 3, b"abcd"),
        tcp(FIN, 3, 3, b""),
        tcp(0, 3, 4, b"").back(),
    ];
    let conversation = only(&pcap(RAW, segments.iter().map(Tcp::ip)));
    assert_eq!(told(&conversation), ["< ack", "> abcd", "> ef", "> end"]);
}

#[test]
fn a_gap_is_lost_when_the_capture_ends() {
    tells(&[tcp(0, 104, 501, b"def")], &["> lost 3", "> def"]);
    tells(&[tcp(FIN, 104, 501, b"")], &["> lost 3", "> end"]);
    tells(
        &[tcp(0, 101, 501, b"abc"), tcp(0, 105, 501, b"ef"), tcp(0, 109, 501, b"i")],
        &["> abc", "> lost 1", "> ef", "> lost 2", "> i"],
    );
}

#[test]
fn a_gap_is_lost_when_the_receiver_has_it() {
    let later = tcp(0, 104, 501, b"def");
    // In time, before the answer; what comes then comes too late.
    let segments = [later, tcp(0, 501, 107, b"yes").back(), tcp(0, 101, 504, b"abc")];
    tells(&segments, &["> lost 3", "> def", "< yes"]);
    // Not if it has less.
    let segments = [later, tcp(0, 501, 103, b"no").back(), tcp(0, 101, 503, b"abc")];
    tells(&segments, &["< no", "> abc", "> def"]);
    // The capture may see an answer before what it answers.
    let segments = [tcp(0, 501, 107, b"yes").back(), tcp(0, 101, 501, b"abc"), later];
    tells(&segments, &["< yes", "> abc", "> def"]);
    // Nothing was seen of it, but the receiver has it; but for the last number, which may be FIN's.
    tells(&[tcp(0, 501, 107, b"yes").back()], &["< yes", "> lost 6"]);
    tells(&[tcp(0, 501, 102, b"yes").back()], &["< yes"]);
}

#[test]
fn a_gap_is_lost_when_too_much_waits_behind_it() {
    let chunk = [b'x'; 60_000];
    let at = |number: u32| tcp(0, 104 + 60_000 * number, 501, &chunk);
    let first = tcp(0, 101, 501, b"abc");
    // 17 of them are not yet a MiB.
    let chunks: Vec<_> = (0..17).map(at).chain([first]).collect();
    assert_eq!(only(&after_hello(&chunks)).pieces.len(), 18);
    assert_eq!(told(&only(&after_hello(&chunks)))[0], "> abc");
    let chunks: Vec<_> = (0..18).map(at).chain([first]).collect();
    assert_eq!(told(&only(&after_hello(&chunks)))[0], "> lost 3");
}

#[test]
fn rst_ends_at_once() {
    let segments = [
        tcp(0, 101, 501, b"auth"),
        tcp(0, 503, 105, b"k").back(),
        tcp(RST, 105, 0, b"go away"),
        tcp(0, 105, 504, b"more"),
    ];
    tells(&segments, &["> auth", "> end", "< lost 2", "< k"]);
}

#[test]
fn a_refused_dial_is_a_conversation_too() {
    let refused = [tcp(SYN, 100, 0, b""), tcp(RST, 0, 101, b"").back()];
    let conversation = only(&pcap(RAW, refused.iter().map(Tcp::ip)));
    assert!(conversation.saw_begin);
    assert_eq!(told(&conversation), ["< end"]);
}

#[test]
fn syn_may_bring_bytes_and_may_be_repeated() {
    let syn = tcp(SYN, 100, 0, b"auth");
    let answer = tcp(SYN, 500, 105, b"").back();
    let segments = [syn, syn, answer, answer, tcp(0, 105, 501, b"Hello")];
    let conversation = only(&pcap(RAW, segments.iter().map(Tcp::ip)));
    assert_eq!(told(&conversation), ["> auth", "> Hello"]);
}

#[test]
fn the_answer_to_a_syn_is_enough_to_know_who_dialed() {
    let segments =
        [tcp(SYN, 500, 101, b"").back(), tcp(0, 501, 101, b"ack").back(), tcp(0, 103, 504, b"th")];
    let conversation = only(&pcap(RAW, segments.iter().map(Tcp::ip)));
    assert_eq!(conversation.listener, listener());
    assert!(conversation.saw_begin);
    assert_eq!(told(&conversation), ["< ack", "> lost 2", "> th"]);
}

#[test]
fn without_a_syn_who_sends_bytes_first_has_dialed() {
    let segments = [
        // An acknowledgement says nothing.
        tcp(ACK, 101, 501, b""),
        tcp(0, 501, 101, b"frame").back(),
        tcp(0, 103, 506, b"me"),
        tcp(0, 101, 506, b"fra"),
    ];
    let conversation = only(&pcap(RAW, segments.iter().map(Tcp::ip)));
    assert_eq!(conversation.dialer, listener());
    assert!(!conversation.saw_begin);
    assert_eq!(told(&conversation), ["> frame", "< fra", "< e"]);
    // The end of a connection that is over is none.
    let end = [tcp(FIN, 101, 501, b""), tcp(RST, 501, 102, b"").back()];
    assert_eq!(whole(&pcap(RAW, end.iter().map(Tcp::ip))).tcp, []);
}

#[test]
fn two_connections_at_once_stay_apart() {
    let other = "127.0.0.1:40001".parse().unwrap();
    let moved = |tcp: Tcp<'static>| {
        let is_back = tcp.from == listener();
        let moved = tcp.between(other, listener());
        if is_back { moved.back() } else { moved }
    };
    let one = hello().into_iter().chain([tcp(0, 101, 501, b"one")]);
    let two = hello().into_iter().chain([tcp(0, 101, 501, b"two")]).map(moved);
    let mixed = one.zip(two).flat_map(|(one, two)| [one, two]);
    let conversations = whole(&pcap(RAW, mixed.map(|tcp| tcp.ip()))).tcp;
    let told: Vec<_> = conversations.iter().map(told).collect();
    assert_eq!(told, [["> one"], ["> two"]]);
    assert_eq!(conversations[1].dialer, other);
}

#[test]
fn a_new_syn_begins_a_new_conversation() {
    let last = |flags| [tcp(0, 101, 501, b"one"), tcp(flags, 105, 501, b"")];
    let again = [
        tcp(SYN, 9000, 0, b""),
        tcp(SYN, 700, 9001, b"").back(),
        tcp(0, 9001, 701, b"two"),
        // It is over, and this is no SYN.
        tcp(0, 101, 501, b"one"),
    ];
    // After FIN, after RST, or although neither is in the capture.
    for (flags, end) in
        [(FIN, &["> one", "> lost 1", "> end"][..]), (RST, &["> one", "> end"]), (0, &["> one"])]
    {
        let all: Vec<_> = last(flags).into_iter().chain(again).collect();
        let conversations = whole(&after_hello(&all)).tcp;
        let told: Vec<_> = conversations.iter().map(told).collect();
        assert_eq!(told, [end, &["> two"]]);
    }
    // The other one dials, and its SYN is not in the capture.
    let all =
        [tcp(FIN, 101, 501, b"one"), tcp(SYN, 9000, 701, b""), tcp(0, 701, 9001, b"two").back()];
    let conversations = whole(&after_hello(&all)).tcp;
    assert_eq!(conversations[1].dialer, listener());
    assert_eq!(told(&conversations[1]), ["> two"]);
}
