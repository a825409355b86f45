use proptest::prelude::*;

use super::*;
use crate::journal::{Counts, Target};
use crate::model::*;

fn blob(byte: u8) -> BlobRef {
    BlobRef { sha256: [byte; 32], length: 1 << 40, crc32: 0xDEAD_BEEF }
}

fn everything() -> Script {
    let spot = Spot { x: -5, y: 100_001 };
    let area = Area { x: 1, y: 2, width: 3, height: 4 };
    let image = |codec, colours| ScanImage {
        blob: blob(1),
        width: 1654,
        height: 2339,
        bits: 8,
        colours,
        codec,
        decode: vec![1.0, 0.0],
        mask: false,
    };
    let page = |scan: Option<ScanImage>| Page {
        file: "scans/é.pdf".to_owned(),
        file_page: 3,
        frame: Frame { rotate: 90, ..Frame::plain(595.25, 841.5) },
        scan: scan.map(|image| PlacedScan {
            image,
            matrix: [595.25, 0.0, 0.0, 841.5, -1.5, 2.5],
            converted: Some("CMYK".to_owned()),
        }),
        damage: Some(Damage { code: "SCN-001".to_owned(), detail: "empty".to_owned() }),
        accepted: Some(Acceptance { reason: "illisible".to_owned(), at: -1, line: u64::MAX }),
    };
    let ccitt = Codec::Ccitt {
        k: -1,
        black_is_1: true,
        byte_align: false,
        end_of_line: true,
        end_of_block: false,
        columns: 2480,
        rows: 3508,
    };
    let flate = Codec::Flate { predictor: 15, colours: 3, bits: 8, columns: 100 };
    let indexed =
        ColourSpace::Indexed { components: 3, profile: Some(blob(3)), palette: vec![0, 1, 2, 253, 254, 255] };
    let shapes = [
        Shape::Text { area, text: "œuvre €".to_owned(), size: 1100, rotation: -90 },
        Shape::Ink { strokes: vec![vec![spot], vec![spot, spot]], width: 150 },
        Shape::Line { from: spot, to: spot, width: 1 },
        Shape::Arrow { from: spot, to: spot, width: 2 },
        Shape::Rectangle { area, line_width: 3, fill: Some([1, 2, 3]) },
        Shape::Ellipse { area, line_width: 4, fill: None },
        Shape::Highlight { area },
        Shape::Underline { from: spot, to: spot, width: 5 },
        Shape::Strike { from: spot, to: spot, width: 6 },
        Shape::Stamp { at: spot, size: 2000, stamp: Stamp::Read },
        Shape::Mark { at: spot, text: "+0,5".to_owned() },
    ];
    Script {
        id: [9; 16],
        candidate: "0123456789".to_owned(),
        batch: Some("L001".to_owned()),
        pages: vec![
            page(Some(image(Codec::Dct { colour_transform: Some(1) }, ColourSpace::Grey))),
            page(Some(image(ccitt, ColourSpace::Rgb))),
            page(Some(image(
                Codec::Jbig2 { globals: Some(blob(2)) },
                ColourSpace::Icc { profile: blob(4), components: 4 },
            ))),
            page(Some(image(flate, indexed))),
            page(Some(image(Codec::Jpx, ColourSpace::Grey))),
            page(None),
        ],
        marker_mark: Some(Hundredths(1250)),
        questions: vec![Question {
            label: "1.a".to_owned(),
            earned: Hundredths(75),
            maximum: Hundredths(100),
        }],
        marked: true,
        harmonised: Some(Hundredths(1300)),
        adjustment: Some(Adjustment {
            change: Change::ByBatch(Hundredths(50)),
            author: "operator".to_owned(),
            at: 1_578_000_000,
            line: 8,
            reason: blob(6),
        }),
        appreciation: Some("Très bon travail, ‘soigné’".to_owned()),
        annotations: shapes
            .into_iter()
            .map(|shape| Annotation {
                page: 1,
                colour: [200, 16, 46],
                opacity: 40,
                question: Some("1.a".to_owned()),
                shape,
            })
            .collect(),
        annotations_apart: Some(Packed { pack: blob(5), offset: 7, length: 11 }),
    }
}

fn exam() -> Exam {
    Exam {
        id: "E3C-MATHS".to_owned(),
        code: "1TMATHS".to_owned(),
        label: "1ERE VAGUE E3C MATHS BTN".to_owned(),
        kind: ExamKind::CommonAssessment,
        session_year: 2020,
        session_name: "Session Normale 2020".to_owned(),
        starts_at: "2020-01-03T08:00".to_owned(),
        series: vec!["STMG".to_owned()],
        wave: Some(1),
        entity: "ER974".to_owned(),
        mark_step: Hundredths(50),
        harmonisation: HarmonisationMode::Batches,
        consultable_until: Some("2021-07-01".to_owned()),
        settings: Settings::default(),
    }
}

fn entry() -> ExamEntry {
    ExamEntry {
        exam: exam(),
        generation: 7,
        counts: Counts {
            schools: 1,
            markers: 2,
            batches: 3,
            candidates: 4,
            scripts: 5,
            pages: 6,
            exports: 7,
            transmitted: 8,
            holds: 9,
        },
        bundle: [1; 32],
        command: [2; 32],
        import_line: 8,
        line: 9,
        life: Life {
            settings_by_hand: true,
            closed_at: Some(1_580_000_000),
            published_at: Some(1_590_000_000),
            published_by_hand: true,
            download_since: Some(1_579_000_000),
            purged: Some(Purged { at: 1_600_000_000, line: 9, candidates: 10, scripts: 11, pages: 12 }),
        },
    }
}

/// The bytes of a fixture: hexadecimal digits in lines.
fn stored(text: &str) -> Vec<u8> {
    let digits: Vec<u8> =
        text.bytes().filter_map(|c| char::from(c).to_digit(16)).map(|digit| digit as u8).collect();
    digits.chunks_exact(2).map(|pair| pair[0] << 4 | pair[1]).collect()
}

fn spelt(bytes: &[u8]) -> String {
    let text = crate::journal::hex::encode(bytes);
    text.as_bytes().chunks(100).flat_map(|line| [std::str::from_utf8(line).unwrap(), "\n"]).collect()
}

fn reads_back<T: Kept + PartialEq + std::fmt::Debug>(fixture: &str, value: &T) {
    let record = Record::<T>::read(stored(fixture)).unwrap();
    assert_eq!(record.value().unwrap(), *value);
    let now = Record::of(value).unwrap();
    // When this fails the type's shape has changed: freeze the old one, raise SCHEMA, migrate, and
    // add a fixture of the new version beside this one.
    assert_eq!(spelt(now.envelope()), spelt(record.envelope()), "{}", std::any::type_name::<T>());
}

#[test]
fn records_of_schema_version_1_are_read_for_ever() {
    reads_back(include_str!("fixtures/1-exam.hex"), &entry());
    let hold = Hold {
        candidate: "0123456789".to_owned(),
        author: "operator".to_owned(),
        at: 1_580_000_000,
        line: 10,
        reason: blob(9),
    };
    reads_back(include_str!("fixtures/1-hold.hex"), &hold);
    let account = Account {
        id: [3; 16],
        login: "helene.payet@ac-reunion.fr".to_owned(),
        display_name: "Hélène Payet".to_owned(),
        role: AccountRole::ExamOfficeManager { entity: Some("ER974".to_owned()) },
        password: PasswordHash("$argon2id$v=19$m=19456,t=2,p=1$c2FsdA$aGFzaA".to_owned()),
        active: true,
        must_change_password: true,
        created_at: 1_580_000_000,
        changed_at: 1_590_000_000,
        line: 11,
    };
    reads_back(include_str!("fixtures/1-account.hex"), &account);
    for (role, fixture) in [
        (AccountRole::School { uai: "9740001H".to_owned() }, include_str!("fixtures/1-account-school.hex")),
        (
            AccountRole::AcademicCoordinator { entity: None },
            include_str!("fixtures/1-account-coordinator.hex"),
        ),
        (AccountRole::Administrator, include_str!("fixtures/1-account-administrator.hex")),
    ] {
        reads_back(fixture, &Account { role, ..account.clone() });
    }
    let token = AccessToken {
        id: [4; 16],
        account: [3; 16],
        label: "Relevés du soir".to_owned(),
        sha256: [5; 32],
        scopes: TokenScopes { read: true, download: true, act: false },
        created_at: 1_580_000_000,
        expires_at: 1_600_000_000,
        revoked: true,
        line: 12,
    };
    reads_back(include_str!("fixtures/1-token.hex"), &token);
    let school = School {
        uai: "9740001H".to_owned(),
        name: "Lycée Leconte-de-Lisle".to_owned(),
        city: "Saint-Denis".to_owned(),
        entity: Some("ER974".to_owned()),
    };
    reads_back(include_str!("fixtures/1-school.hex"), &school);
    let marker = Marker {
        id: "M001".to_owned(),
        name: "Hélène Payet".to_owned(),
        staff_id: "S1".to_owned(),
        mission_id: "I1".to_owned(),
    };
    reads_back(include_str!("fixtures/1-marker.hex"), &marker);
    let batch = Batch {
        id: "L001".to_owned(),
        marker: "M001".to_owned(),
        state: BatchState::Locked,
        harmonisation: Harmonisation::Validated,
    };
    reads_back(include_str!("fixtures/1-batch.hex"), &batch);
    let candidate = Candidate {
        number: "0123456789".to_owned(),
        national_id: Some("123456789AB".to_owned()),
        last_name: "L’Hôpital".to_owned(),
        first_name: "Éloïse".to_owned(),
        birth_date: Some("2003-05-01".to_owned()),
        school: "9740001H".to_owned(),
        attendance: Attendance::AbsentJustified,
        entry: "9740001H/L’HÔPITAL_Éloïse_0123456789.pdf".to_owned(),
    };
    reads_back(include_str!("fixtures/1-candidate.hex"), &candidate);
    reads_back(include_str!("fixtures/1-script.hex"), &everything());
    reads_back(include_str!("fixtures/1-annotations.hex"), &everything().annotations);
    let inspection = InspectionRecord {
        blank: true,
        dpi: 200,
        ink_permille: 3,
        damage: Some(Damage { code: "SCN-009".to_owned(), detail: "cannot be decoded".to_owned() }),
    };
    reads_back(include_str!("fixtures/1-inspection.hex"), &inspection);
    let attempt = |line, outcome| Attempt {
        at: 1_580_000_000 + i64::try_from(line).unwrap(),
        line,
        author: "operator".to_owned(),
        requests: 30,
        took_ms: 1234,
        outcome,
    };
    let (code, detail) = ("EXC-002".to_owned(), "Cyclades did not answer in time".to_owned());
    let export = Export {
        target: Target::Cyclades,
        number: 3,
        at: 1_580_000_000,
        line: 10,
        author: "operator".to_owned(),
        count: 1500,
        rows: blob(7),
        chunks: vec![1_000_000, 500_000],
        earlier_attempts: 1,
        attempts: vec![
            attempt(11, Outcome::Unknown { code: code.clone(), detail: detail.clone() }),
            attempt(12, Outcome::Failed { code, detail }),
            attempt(13, Outcome::Committed { accepted: 1499, rejected: 1, list: Some(blob(8)) }),
        ],
    };
    reads_back(include_str!("fixtures/1-export.hex"), &export);
    let moments = Moments(vec![None, Some(1_580_000_000), None, Some(-1)]);
    reads_back(include_str!("fixtures/1-moments.hex"), &moments);
    let few = |count, candidates, first: &[&str]| Few {
        count,
        candidates,
        first: first.iter().map(|number| (*number).to_owned()).collect(),
    };
    let tally = Tally {
        present: 1,
        absent: 2,
        absent_justified: 3,
        exempt: 4,
        scripts: 5,
        pages: 6,
        marked: 7,
        by_marker: 22,
        given: 8,
        sum: -9,
        zeros: 10,
        explicitly_missing: 11,
        clear: 12,
        accepted_pages: 13,
        damaged_pages: few(16, 15, &["0123456789", "0123456790"]),
        missing: few(17, 17, &["0123456789"]),
        without_script: few(0, 0, &[]),
        unbatched: few(18, 18, &["9"]),
    };
    reads_back(include_str!("fixtures/1-tally.hex"), &tally);
    let waiting = Waiting { pages: few(20, 19, &["0123456789"]), clear: 21 };
    reads_back(include_str!("fixtures/1-waiting.hex"), &waiting);
}

#[test]
fn every_flipped_bit_and_every_cut_is_noticed() {
    let whole = Record::of(&everything()).unwrap().envelope().to_vec();
    for bit in 0..whole.len() * 8 {
        let mut flipped = whole.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        assert!(Record::<Script>::read(flipped).is_err(), "bit {bit}");
    }
    for length in 0..whole.len() {
        assert!(Record::<Script>::read(&whole[..length]).is_err(), "{length} bytes");
    }
    assert!(Record::<Script>::read([whole.as_slice(), &[0]].concat()).is_err());
}

#[test]
fn a_record_of_another_kind_is_not_read() {
    let script = Record::of(&everything()).unwrap();
    let read = Record::<Vec<Annotation>>::read(script.envelope().clone());
    assert_eq!(read.err(), Some(RecordFault::Kind { kind: 7, found: 6 }));
}

#[test]
fn a_record_from_a_later_version_is_refused_by_its_number() {
    let archived = Record::of(&everything()).unwrap().bytes().to_vec();
    let later = envelope::seal(Script::KIND, 2, &archived).unwrap();
    let read = Record::<Script>::read(later);
    assert_eq!(read.err(), Some(RecordFault::UnknownSchema { kind: 6, schema: 2 }));
}

/// A type that has changed its shape once: what its first version held stands for a frozen module.
#[derive(Archive, Serialize, Deserialize, Debug, PartialEq)]
struct Room {
    name: String,
    seats: u32,
}

#[derive(Archive, Serialize, Deserialize)]
struct RoomOfVersion1 {
    name: String,
}

impl Kept for Room {
    const KIND: u16 = 1000;
    const SCHEMA: u16 = 2;

    fn migrate(schema: u16, archived: &[u8]) -> Option<Result<Room, RecordFault>> {
        let invalid = |_| RecordFault::Invalid { kind: Room::KIND };
        let old = || rkyv::from_bytes::<RoomOfVersion1, Error>(archived).map_err(invalid);
        (schema == 1).then(|| old().map(|old| Room { name: old.name, seats: 0 }))
    }
}

#[test]
fn a_record_of_an_earlier_shape_is_brought_to_the_present_one_when_read() {
    let old = rkyv::to_bytes::<Error>(&RoomOfVersion1 { name: "Amphi A".to_owned() }).unwrap();
    let old = envelope::seal(Room::KIND, 1, &old).unwrap();
    let record = Record::<Room>::read(old).unwrap();
    assert_eq!(record.value().unwrap(), Room { name: "Amphi A".to_owned(), seats: 0 });
    assert_eq!(record.get().name, "Amphi A");
    let broken = envelope::seal(Room::KIND, 1, &[0xFF; 3]).unwrap();
    assert_eq!(Record::<Room>::read(broken).err(), Some(RecordFault::Invalid { kind: 1000 }));
}

proptest! {
    /// A CRC is no proof against someone who can compute one: validation must hold on its own.
    #[test]
    fn hostile_archives_with_a_right_crc_are_refused_or_harmless(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
    ) {
        let mut archived = Record::of(&everything()).unwrap().bytes().to_vec();
        for (index, byte) in changes {
            let index = index.index(archived.len());
            archived[index] = byte;
        }
        let sealed = envelope::seal(Script::KIND, Script::SCHEMA, &archived).unwrap();
        if let Ok(record) = Record::<Script>::read(sealed) {
            prop_assert!(record.value().is_ok());
        }
    }

    #[test]
    fn the_same_value_gives_the_same_bytes(candidate in ".{0,40}", mark in any::<i32>()) {
        let script = || Script {
            candidate: candidate.clone(),
            marker_mark: Some(Hundredths(mark)),
            ..everything()
        };
        let (one, other) = (Record::of(&script()).unwrap(), Record::of(&script()).unwrap());
        prop_assert_eq!(one.bytes(), other.bytes());
        let read = Record::<Script>::read(one.envelope().clone()).unwrap();
        prop_assert_eq!(read.value().unwrap(), script());
    }
}
