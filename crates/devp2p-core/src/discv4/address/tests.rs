use super::*;

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

#[test]
fn addresses_are_told_outwards_only() {
    let loopback = ["127.0.0.1", "127.8.8.8", "::1"];
    let lan = ["10.1.2.3", "172.16.0.1", "192.168.1.9", "169.254.3.4", "fd00::1", "fe80::1"];
    let far = ["8.8.8.8", "2a00::1"];

    for teller in loopback {
        for told in [&loopback[..], &lan, &far].concat() {
            assert!(may_tell(ip(teller), ip(told)), "{teller} tells {told}");
        }
    }
    for teller in lan {
        for told in [&lan[..], &far].concat() {
            assert!(may_tell(ip(teller), ip(told)), "{teller} tells {told}");
        }
        for told in loopback {
            assert!(!may_tell(ip(teller), ip(told)), "{teller} tells {told}");
        }
    }
    for teller in far {
        for told in far {
            assert!(may_tell(ip(teller), ip(told)), "{teller} tells {told}");
        }
        for told in [&loopback[..], &lan].concat() {
            assert!(!may_tell(ip(teller), ip(told)), "{teller} tells {told}");
        }
    }
}

#[test]
fn nobody_can_live_at_a_special_address() {
    let special = [
        "0.0.0.0",
        "0.1.2.3",
        "192.0.0.7",
        "192.0.0.9",
        "192.0.0.170",
        "192.0.0.171",
        "192.0.2.255",
        "192.31.196.1",
        "192.52.193.1",
        "192.88.99.1",
        "192.175.48.1",
        "198.18.0.0",
        "198.19.255.255",
        "198.51.100.1",
        "203.0.113.7",
        "255.255.255.255",
        "224.0.0.1",
        "239.255.255.255",
        "::",
        "100::1",
        "2001::1",
        "2001:1::1",
        "2001:2::1",
        "2001:3::1",
        "2001:4:112::1",
        "2001:5::1",
        "2001:10::1",
        "2001:2f::1",
        "2001:db8::1",
        "2002::1",
        "ff02::1",
    ];
    for told in special {
        assert!(!may_tell(ip("127.0.0.1"), ip(told)), "{told}");
    }
}

#[test]
fn neighbours_of_special_networks_are_ordinary() {
    let ordinary = [
        "1.0.0.0",
        "192.0.0.8",
        "192.0.0.10",
        "192.0.3.0",
        "198.17.255.255",
        "198.20.0.0",
        "203.0.112.255",
        "255.255.255.254",
        "100:0:0:1::1",
        "2001:1::2",
        "2001:30::1",
        "2003::1",
    ];
    for told in ordinary {
        assert!(may_tell(ip("8.8.8.8"), ip(told)), "{told}");
    }
}
