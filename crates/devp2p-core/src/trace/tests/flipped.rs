//! What comes of a flipped bit.

use super::*;

#[test]
fn each_byte_is_stopped_by_the_check_that_covers_it() {
    let whole = exchange(Lesson::A2, 42);
    let flips = flips(&whole);
    let check = |step: usize, byte: usize| flips.outcomes[flips.steps[step][byte]].check;
    let lengths: Vec<usize> = flips.steps.iter().map(Vec::len).collect();
    let packets: Vec<usize> = whole.packets.iter().map(|(_, packet)| packet.len()).collect();
    assert_eq!(lengths, packets);
    for step in [0, 1] {
        let length = packets[step];
        assert_eq!(check(step, 2), "form: it must be 04");
        assert_eq!(check(step, 3), "R: it must be a point on the curve");
        for byte in [67, 82, 83, length - 33, length - 32, length - 1] {
            assert_eq!(check(step, byte), "the tag, which covers iv, c and size", "{byte}");
        }
    }
    for (step, length) in packets.iter().enumerate().skip(2) {
        for byte in 0..*length {
            let expected = if byte < 32 { "header-mac" } else { "frame-mac" };
            assert_eq!(check(step, byte), expected, "{step} {byte}");
        }
    }
    assert!(flips.outcomes.iter().all(|outcome| outcome.heard.starts_with("nothing")));
}
