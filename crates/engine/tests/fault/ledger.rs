//! The ledger's file, damaged in every way: what is whole counts, and nothing else is lost.

use proptest::prelude::*;
use squall_engine::fault::ledger::{Ledger, Standing};
use squall_engine::fault::record::{
    Class, Damage, Fact, FaultId, Hand, Identity, Moment, Planned, Record, SCHEMA,
};

fn fault(number: u64) -> FaultId {
    FaultId::from_bits(number)
}

fn planned(number: u64) -> Record {
    let boot = "b".to_owned();
    let planned = Planned {
        schema: SCHEMA,
        run: "run".to_owned(),
        kind: "process.pause".to_owned(),
        class: Class::Held,
        title: "12 (a {b} 00000000 {c) stopped\n".to_owned(),
        runner: Identity { pid: 1, start: 2, boot: boot.clone() },
        deadline: Moment { boot, millis: 3 },
        bound_millis: 1000,
        undo: vec![serde_json::json!({"undo": "resume", "processes": [{"pid": number}]})],
    };
    Record { fault: fault(number), at: 0, by: Hand::Runner, fact: Fact::Planned(Box::new(planned)) }
}

fn undone(number: u64) -> Record {
    Record {
        fault: fault(number),
        at: 1,
        by: Hand::Guard,
        fact: Fact::Undone { found: vec!["x".to_owned()] },
    }
}

fn bytes(records: &[Record]) -> Vec<u8> {
    records.iter().map(Record::to_line).collect::<String>().into_bytes()
}

fn open(content: &[u8]) -> Vec<FaultId> {
    Ledger::read(content).open().map(|(fault, _)| fault.clone()).collect()
}

#[test]
fn a_last_record_that_is_torn_anywhere_leaves_the_others_and_is_ended_by_the_next() {
    let before = bytes(&[planned(1), planned(2), undone(1)]);
    let last = bytes(&[planned(3)]);
    for length in 0..=last.len() {
        let mut content = [&before[..], &last[..length]].concat();
        let ledger = Ledger::read(&content);
        // without its line end it is whole all the same
        let whole = length + 1 >= last.len();
        let expected = if whole { vec![fault(2), fault(3)] } else { vec![fault(2)] };
        assert_eq!(open(&content), expected, "{length}");
        assert_eq!(ledger.torn, length > 0 && !whole, "{length}");
        assert!(ledger.damaged.is_empty(), "{length}: {:?}", ledger.damaged);
        if length > 0 && length < last.len() {
            content.push(b'\n');
        }
        content.extend(bytes(&[planned(4), undone(2)]));
        let expected = if whole { vec![fault(3), fault(4)] } else { vec![fault(4)] };
        assert_eq!(open(&content), expected, "{length}");
    }
}

#[test]
fn what_was_closed_stays_closed() {
    let late = [
        Record { fact: Fact::Applied { deadline: None }, ..planned(1) },
        Record { fact: Fact::Stuck { left: vec![] }, ..planned(1) },
        Record { fact: Fact::Lapsed { why: String::new() }, ..planned(1) },
        Record { fact: Fact::NotApplied { why: String::new() }, ..planned(1) },
        planned(1),
    ];
    let content = bytes(&[&[planned(1), undone(1)][..], &late].concat());
    assert!(open(&content).is_empty());
    assert!(matches!(
        Ledger::read(&content).get(&fault(1)).map(|entry| &entry.standing),
        Some(Standing::Undone { by: Hand::Guard, .. })
    ));
}

#[test]
fn what_a_newer_version_recorded_is_told_and_kept_until_that_version_closes_it() {
    let json = format!(
        r#"{{"fault":"00000000000a","at":1,"by":"runner","fact":"planned","schema":{},"undo":{{"new":"form"}}}}"#,
        SCHEMA + 1
    );
    let line = format!("{:08x} {json}\n", crc32(json.as_bytes()));
    assert_eq!(Record::from_line(&line), Err(Damage::Newer { fault: fault(10), schema: SCHEMA + 1 }));
    let mut content = bytes(&[planned(1)]);
    content.extend(line.bytes());
    let ledger = Ledger::read(&content);
    assert_eq!(ledger.newer().collect::<Vec<_>>(), [(&fault(10), SCHEMA + 1)]);
    assert!(ledger.damaged.is_empty() && !ledger.is_done());
    assert_eq!(open(&content), [fault(1)]);
    content.extend(bytes(&[undone(10), undone(1)]));
    assert!(Ledger::read(&content).is_done());
}

/// The checksum of zlib, written out: the records' form is pinned without the code that writes it.
fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0, |sum: u32, byte| {
        (0..8).fold(
            sum ^ u32::from(*byte),
            |sum, _| if sum & 1 == 1 { (sum >> 1) ^ 0xedb8_8320 } else { sum >> 1 },
        )
    })
}

#[test]
fn the_form_of_a_record_is_what_it_was() {
    let line = undone(0xabc).to_line();
    let json = r#"{"fault":"000000000abc","at":1,"by":"guard","fact":"undone","found":["x"]}"#;
    assert_eq!(line, format!("{:08x} {json}\n", crc32(json.as_bytes())));
    // as versions before the second deadline wrote it
    let json = r#"{"fault":"000000000abc","at":1,"by":"runner","fact":"applied"}"#;
    let record = Record::from_line(&format!("{:08x} {json}", crc32(json.as_bytes()))).expect("it is one");
    assert_eq!(record.fact, Fact::Applied { deadline: None });
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn one_damaged_byte_costs_one_record_at_most(at in 0_usize..2000, with in any::<u8>()) {
        let records: Vec<Record> = (1..=5).map(planned).collect();
        let mut content = bytes(&records);
        let at = at % content.len();
        let changed = content[at] != with;
        content[at] = with;
        let found = open(&content);
        prop_assert!(found.len() >= if changed { 4 } else { 5 }, "{found:?} at {at} with {with}");
        prop_assert!(found.iter().all(|found| (1..=5).any(|number| *found == fault(number))));
    }

    #[test]
    fn any_bytes_in_the_middle_cost_nothing_of_the_others(junk in proptest::collection::vec(any::<u8>(), 0..200)) {
        let mut content = bytes(&[planned(1)]);
        content.extend(&junk);
        if content.last() != Some(&b'\n') {
            content.push(b'\n');
        }
        content.extend(bytes(&[planned(2), undone(1)]));
        prop_assert_eq!(open(&content), [fault(2)]);
    }
}
