//! Hostile text: each fault with its code, file, line and field.

use super::{Bundle, read};

/// One spoilt place: file, piece, what replaces it; code, line, field.
type Spoilt<'s> = (&'s str, &'s str, &'s str, &'s str, u64, &'s str);

fn each(bundle: fn() -> Bundle, table: &[Spoilt<'_>]) {
    for (file, piece, by, code, line, field) in table {
        let fault = bundle().with(file, piece, by).fault();
        let found = (
            fault.code.as_ref(),
            fault.file.as_deref().unwrap_or(""),
            fault.line.unwrap_or(0),
            fault.field.as_deref().unwrap_or(""),
        );
        assert_eq!(found, (*code, *file, *line, *field), "{piece} -> {by}: {fault}");
    }
}

#[test]
fn the_good_bundle_has_no_fault_and_no_warning() {
    for bundle in [Bundle::good(), Bundle::common_assessment()] {
        let findings = bundle.findings();
        assert_eq!((findings.faults.first, findings.warnings.first), (vec![], vec![]));
    }
}

#[test]
fn every_impossible_mark_is_refused_where_it_stands() {
    for (mark, code) in [
        ("\"12.345\"", "BND-030"),
        ("12.345", "BND-030"),
        ("\"-1\"", "BND-031"),
        ("-1", "BND-031"),
        ("-0.5", "BND-031"),
        ("\"NaN\"", "BND-030"),
        ("\"20.5\"", "BND-031"),
        ("20.5", "BND-031"),
        ("\"1e3\"", "BND-030"),
        ("1e3", "BND-030"),
        ("1E0", "BND-030"),
        ("\"12,5\"", "BND-030"),
        ("\"+12\"", "BND-030"),
        ("\" 12\"", "BND-030"),
        ("\"\"", "BND-030"),
        ("\"0x10\"", "BND-030"),
        ("\"Infinity\"", "BND-030"),
        ("\"12345678\"", "BND-030"),
        ("99999999999999999999999999", "BND-030"),
        ("\"12.25\"", "BND-032"),
        ("12.3", "BND-032"),
        ("true", "BND-017"),
        ("[12]", "BND-017"),
        ("{}", "BND-017"),
    ] {
        each(Bundle::good, &[("scripts.jsonl", "\"12.5\"", mark, code, 1, "mark.total")]);
        let harmonised = format!("\"harmonised\":{mark},\"annotations\":[]}}");
        let fault = Bundle::good().with("scripts.jsonl", "\"annotations\":[]}", &harmonised);
        let fault = fault.with("manifest.json", "\"0.5\"", "\"0.5\",\"harmonisation\":\"batches\"").fault();
        assert_eq!(
            (fault.code.as_ref(), fault.line, fault.field.as_deref()),
            (code, Some(2), Some("harmonised"))
        );
        assert_eq!(fault.candidate.as_deref(), Some("002"));
    }
    for mark in ["0", "\"0\"", "20", "\"20.00\"", "0.5", "-0", "7.50"] {
        let good = Bundle::good().with("scripts.jsonl", "\"12.5\"", mark);
        assert_eq!(good.findings().faults.count, 0, "{mark}");
    }
    // No number at all: the line is not JSON.
    for mark in ["NaN", "Infinity", ".5", "+1", "012", "1.", "0x1"] {
        each(Bundle::good, &[("scripts.jsonl", "\"12.5\"", mark, "BND-011", 1, "")]);
    }
}

#[test]
fn a_questions_score_is_exact_and_not_below_zero_but_off_the_exams_step() {
    each(
        Bundle::good,
        &[
            ("scripts.jsonl", "\"0.75\"", "\"-0.25\"", "BND-031", 1, "mark.questions[0].earned"),
            ("scripts.jsonl", "\"0.75\"", "\"0.755\"", "BND-030", 1, "mark.questions[0].earned"),
            (
                "scripts.jsonl",
                "\"maximum\":1",
                "\"maximum\":1.001",
                "BND-030",
                1,
                "mark.questions[0].maximum",
            ),
            ("scripts.jsonl", ",\"maximum\":1", "", "BND-016", 1, "mark.questions[0].maximum"),
            (
                "scripts.jsonl",
                "\"1.a\",\"earned\"",
                "\"\",\"earned\"",
                "BND-018",
                1,
                "mark.questions[0].label",
            ),
            (
                "scripts.jsonl",
                "\"maximum\":1}",
                "\"maximum\":1},{\"label\":\"1.a\",\"earned\":0,\"maximum\":1}",
                "BND-040",
                1,
                "mark.questions[1].label",
            ),
        ],
    );
    let findings = Bundle::good().with("scripts.jsonl", "\"0.75\"", "\"1.01\"").findings();
    assert_eq!(findings.faults.count, 0);
    assert_eq!(findings.warnings.first[0].code, "BND-102");
}

#[test]
fn broken_and_hostile_json_is_refused_by_line() {
    let deep = "[".repeat(100_000);
    let fields: String = (0..70).map(|number| format!("\"f{number}\":0,")).collect();
    each(
        Bundle::good,
        &[
            ("schools.jsonl", "\"Paris\",\"entity\":\"ER02\"}", "\"Paris\"", "BND-011", 2, ""),
            ("schools.jsonl", "{\"uai\":\"0", "{uai:\"0", "BND-011", 2, ""),
            ("schools.jsonl", "\n{", "\n\n{", "BND-011", 2, ""),
            ("schools.jsonl", "\n{", " {}\n{", "BND-011", 1, ""),
            ("markers.jsonl", "\"Mme X\"", &deep, "BND-013", 1, ""),
            ("markers.jsonl", "\"Mme X\"", "\"a\u{1}b\"", "BND-011", 1, ""),
            ("markers.jsonl", "\"Mme X\"", "\"\\ud800\"", "BND-011", 1, ""),
            ("markers.jsonl", "{\"id\"", &format!("{{{fields}\"id\""), "BND-012", 1, ""),
            ("markers.jsonl", "\"name\"", "\"name\":\"x\",\"name\"", "BND-014", 1, "name"),
            ("markers.jsonl", "\"name\"", "\"name\":\"x\",\"n\\u0061me\"", "BND-014", 1, "name"),
            ("markers.jsonl", "\"Mme X\"", "{\"a\":{\"b\":1,\"b\":2}}", "BND-014", 1, "b"),
            ("markers.jsonl", "\"Mme X\"", "[1,2]", "BND-017", 1, "name"),
            ("markers.jsonl", "\"Mme X\"", "null", "BND-017", 1, "name"),
            ("markers.jsonl", "\"Mme X\"", "\"  \"", "BND-018", 1, "name"),
            ("markers.jsonl", "\"Mme X\"", "\"a\\u0000b\"", "BND-019", 1, "name"),
            ("markers.jsonl", "\"Mme X\"", "\"a\\u001b[2J\"", "BND-019", 1, "name"),
            ("markers.jsonl", "\"Mme X\"", "\"a\\nb\"", "BND-019", 1, "name"),
            ("markers.jsonl", "\"S1\"", "12", "BND-017", 1, "staff_id"),
            ("markers.jsonl", "\"S1\"", "\"S1\",\"salary\":1", "BND-015", 1, "salary"),
            ("markers.jsonl", ",\"mission_id\":\"N1\"", "", "BND-016", 1, "mission_id"),
            ("manifest.json", "\"wave\":1,", "\"wave\":,", "BND-011", 4, ""),
        ],
    );
    // A line that is JSON but no object: its key is lost, and nothing else is blamed for it.
    each(
        Bundle::good,
        &[(
            "markers.jsonl",
            "{\"id\":\"M001\",\"name\":\"Mme X\",\"staff_id\":\"S1\",\"mission_id\":\"N1\"}",
            "[]",
            "BND-017",
            1,
            "",
        )],
    );
}

#[test]
fn text_that_is_not_utf8_or_endless_is_refused_by_line() {
    let mut bundle = Bundle::good();
    bundle.files.insert("markers.jsonl".to_owned(), b"{\"id\":\"\xE9\"}\n".to_vec());
    let fault = bundle.fault();
    assert_eq!((fault.code.as_ref(), fault.line), ("BND-010", Some(1)));
    let mut long = vec![b' '; 9 << 20];
    long.extend_from_slice(b"\n");
    bundle.files.insert("markers.jsonl".to_owned(), long);
    let fault = bundle.fault();
    assert_eq!((fault.code.as_ref(), fault.line), ("BND-012", Some(1)));
    bundle.files.insert("markers.jsonl".to_owned(), format!("[{}0]", "0,".repeat(1_000_001)).into_bytes());
    assert_eq!(bundle.fault().code, "BND-012");
}

#[test]
fn a_byte_order_mark_and_blank_lines_at_the_end_are_taken() {
    let mut bundle = Bundle::good();
    for bytes in
        bundle.files.iter_mut().filter(|(path, _)| path.ends_with(".jsonl") || path.ends_with(".json"))
    {
        bytes.1.splice(0..0, *b"\xEF\xBB\xBF");
        bytes.1.extend_from_slice(b"\r\n \n\n");
    }
    assert_eq!(bundle.findings().faults.first, vec![]);
}

#[test]
fn the_manifest_says_which_exam_it_is() {
    each(
        Bundle::good,
        &[
            ("manifest.json", "copiste-bundle", "other", "BND-020", 1, "format"),
            ("manifest.json", "\"version\":1", "\"version\":2", "BND-020", 1, "version"),
            ("manifest.json", "\"version\":1", "\"version\":\"1\"", "BND-020", 1, "version"),
            ("manifest.json", "\"id\":\"E1\"", "\"id\":\"\"", "BND-021", 2, "exam.id"),
            ("manifest.json", "\"id\":\"E1\"", "\"id\":\"..\"", "BND-021", 2, "exam.id"),
            ("manifest.json", "\"id\":\"E1\"", "\"id\":\"E/1\"", "BND-021", 2, "exam.id"),
            ("manifest.json", "\"id\":\"E1\"", "\"id\":\"É1\"", "BND-021", 2, "exam.id"),
            ("manifest.json", "one_off", "oneoff", "BND-023", 2, "exam.kind"),
            ("manifest.json", "2020,", "1899,", "BND-033", 3, "exam.session.year"),
            ("manifest.json", "2020,", "\"2020\",", "BND-017", 3, "exam.session.year"),
            ("manifest.json", "2020-01-03T08:00", "2020-02-30T08:00", "BND-024", 3, "exam.starts_at"),
            ("manifest.json", "2020-01-03T08:00", "2020-01-03", "BND-024", 3, "exam.starts_at"),
            ("manifest.json", "[\"STMG\"]", "\"STMG\"", "BND-017", 4, "exam.series"),
            ("manifest.json", "[\"STMG\"]", "[\"STMG\",3]", "BND-017", 4, "exam.series[1]"),
            ("manifest.json", "\"wave\":1", "\"wave\":0", "BND-033", 4, "exam.wave"),
            ("manifest.json", "\"wave\":1", "\"wave\":1.5", "BND-017", 4, "exam.wave"),
            ("manifest.json", "\"0.5\"", "\"0.3\"", "BND-023", 4, "exam.mark_step"),
            ("manifest.json", "\"0.5\"", "\"0.5\",\"colour\":1", "BND-015", 4, "exam.colour"),
            (
                "manifest.json",
                "\"0.5\"",
                "\"0.5\",\"consultable_until\":\"soon\"",
                "BND-024",
                4,
                "exam.consultable_until",
            ),
            (
                "manifest.json",
                "\"0.5\"",
                "\"0.5\",\"settings\":{\"speed\":1}",
                "BND-015",
                4,
                "exam.settings.speed",
            ),
            (
                "manifest.json",
                "\"0.5\"",
                "\"0.5\",\"settings\":{\"question_count\":-1}",
                "BND-033",
                4,
                "exam.settings.question_count",
            ),
            (
                "manifest.json",
                "\"0.5\"",
                "\"0.5\",\"settings\":{\"export_absences\":1}",
                "BND-017",
                4,
                "exam.settings.export_absences",
            ),
        ],
    );
}

#[test]
fn a_common_assessment_fixes_its_settings_and_is_validated_by_an_act() {
    each(
        Bundle::common_assessment,
        &[
            (
                "manifest.json",
                "\"0.5\"",
                "\"0.5\",\"harmonisation\":\"none\"",
                "BND-045",
                4,
                "exam.harmonisation",
            ),
            (
                "manifest.json",
                "\"0.5\"",
                "\"0.5\",\"settings\":{\"render_annotations\":true}",
                "BND-045",
                4,
                "exam.settings.render_annotations",
            ),
            (
                "manifest.json",
                "\"0.5\"",
                "\"0.5\",\"settings\":{\"mark_kind\":\"simple\"}",
                "BND-045",
                4,
                "exam.settings.mark_kind",
            ),
            ("batches.jsonl", "pending", "validated", "BND-046", 1, "harmonisation"),
        ],
    );
    let allowed = "\"0.5\",\"harmonisation\":\"batches\",\"settings\":{\"question_count\":12}";
    let bundle = Bundle::common_assessment().with("manifest.json", "\"0.5\"", allowed);
    assert_eq!(bundle.findings().faults.first, vec![]);
}

#[test]
fn what_is_there_twice_is_refused() {
    for (file, field) in [
        ("schools.jsonl", "uai"),
        ("markers.jsonl", "id"),
        ("batches.jsonl", "id"),
        ("candidates.jsonl", "number"),
        ("scripts.jsonl", "candidate"),
    ] {
        let bundle = Bundle::good();
        let text = String::from_utf8(bundle.files[file].clone()).unwrap();
        let first = text.lines().next().unwrap();
        let line = text.lines().count() as u64 + 1;
        let fault = bundle.plus(file, first).fault();
        assert_eq!(
            (fault.code.as_ref(), fault.file.as_deref(), fault.line, fault.field.as_deref()),
            ("BND-040", Some(file), Some(line), Some(field))
        );
        assert!(fault.message.contains("line 1"), "{fault}");
    }
}

#[test]
fn a_reference_leads_somewhere() {
    each(
        Bundle::good,
        &[
            ("batches.jsonl", "\"M001\"", "\"M002\"", "BND-041", 1, "marker"),
            ("candidates.jsonl", "9740001H", "0750654D", "BND-041", 1, "school"),
            ("scripts.jsonl", "\"L001\"", "\"L002\"", "BND-041", 1, "batch"),
            ("scripts.jsonl", "\"candidate\":\"002\"", "\"candidate\":\"004\"", "BND-041", 2, "candidate"),
            ("scripts.jsonl", "\"candidate\":\"002\"", "\"candidate\":\"003\"", "BND-042", 2, "candidate"),
            ("scripts.jsonl", "scans/3.jpg", "scans/4.jpg", "BND-043", 2, "pages[0]"),
            ("scripts.jsonl", "scans/2.jpg", "scans/4.jpg", "BND-043", 1, "pages[1]"),
            ("scripts.jsonl", "scans/3.jpg", "SCANS/3.jpg", "BND-043", 2, "pages[0]"),
        ],
    );
    // A broken line does not make every reference to it a fault of its own.
    each(Bundle::good, &[("markers.jsonl", "\"M001\"", "\"M 1\"", "BND-021", 1, "id")]);
    let missing = Bundle::good().without("candidates.jsonl").fault();
    assert_eq!((missing.code.as_ref(), missing.file.as_deref()), ("BND-009", Some("candidates.jsonl")));
}

#[test]
fn people_and_places_are_told_by_their_patterns() {
    each(
        Bundle::good,
        &[
            ("schools.jsonl", "9740001H", "974001H", "BND-022", 1, "uai"),
            ("schools.jsonl", "9740001H", "9740001h", "BND-022", 1, "uai"),
            ("schools.jsonl", "9740001H", "974000éH", "BND-022", 1, "uai"),
            ("candidates.jsonl", "\"001\"", "\"0 1\"", "BND-021", 1, "number"),
            ("candidates.jsonl", "\"001\"", "1", "BND-017", 1, "number"),
            ("candidates.jsonl", "\"DURAND\"", "\"\"", "BND-018", 1, "last_name"),
            ("candidates.jsonl", "2003-05-01", "01/05/2003", "BND-024", 2, "birth_date"),
            ("candidates.jsonl", "\"absent\"", "\"late\"", "BND-023", 3, "attendance"),
            ("batches.jsonl", "locked", "closed", "BND-023", 1, "state"),
        ],
    );
    let findings = Bundle::good().with("schools.jsonl", "0750655E", "0750655F");
    let findings = findings
        .with("candidates.jsonl", "0750655E", "0750655F")
        .with("candidates.jsonl", "0750655E", "0750655F")
        .findings();
    assert_eq!(findings.faults.count, 0);
    assert!(findings.warnings.first.iter().all(|finding| finding.code == "BND-101"));
    assert_eq!(findings.warnings.count, 3);
}

#[test]
fn names_are_kept_as_given_however_odd_up_to_300_bytes() {
    let names = [
        "../../etc",
        "CON",
        "a:b",
        "🎓🎓",
        "\u{202e}DNARUD\u{200f}",
        "O'NEILL-D’Ângelo",
        "=1+1",
        "e\u{301}",
        &"N".repeat(300),
    ];
    for name in names {
        let bundle = Bundle::good().with("candidates.jsonl", "DURAND", name);
        assert_eq!(bundle.findings().faults.first, vec![], "{name}");
    }
    let long = "N".repeat(301);
    each(Bundle::good, &[("candidates.jsonl", "DURAND", &long, "BND-012", 1, "last_name")]);
    let fault = Bundle::good().with("candidates.jsonl", "DURAND", &long).fault();
    assert!(!fault.to_string().contains("NNN"), "no name in an error text: {fault}");
}

#[test]
fn a_pages_path_stays_inside_the_bundle() {
    for path in [
        "../../etc/passwd",
        "/etc/passwd",
        "scans/../../x.jpg",
        "scans\\\\1.jpg",
        "C:/x.jpg",
        "c:x.jpg",
        "scans//1.jpg",
        "./scans/1.jpg",
        "scans/1.jpg/",
        "",
        "scans/\\u0000.jpg",
        "scans/\\n.jpg",
    ] {
        each(Bundle::good, &[("scripts.jsonl", "scans/1.jpg", path, "BND-004", 1, "pages[0]")]);
        each(Bundle::good, &[("scripts.jsonl", "scans/2.jpg", path, "BND-004", 1, "pages[1].file")]);
    }
    let table: &[Spoilt<'_>] = &[
        ("scripts.jsonl", "\"rotate\":90", "\"rotate\":45", "BND-023", 1, "pages[1].rotate"),
        ("scripts.jsonl", "\"rotate\":90", "\"rotate\":-90", "BND-023", 1, "pages[1].rotate"),
        ("scripts.jsonl", "\"rotate\":90", "\"page\":0", "BND-033", 1, "pages[1].page"),
        ("scripts.jsonl", "\"rotate\":90", "\"page\":1e2", "BND-017", 1, "pages[1].page"),
        ("scripts.jsonl", "\"rotate\":90", "\"turn\":90", "BND-015", 1, "pages[1].turn"),
        ("scripts.jsonl", "[\"scans/3.jpg\"]", "[]", "BND-018", 2, "pages"),
        ("scripts.jsonl", "[\"scans/3.jpg\"]", "[3]", "BND-017", 2, "pages[0]"),
        ("scripts.jsonl", "[\"scans/3.jpg\"]", "\"scans/3.jpg\"", "BND-017", 2, "pages"),
    ];
    // A file that nothing names any more is a warning only.
    each(Bundle::good, table);
}

#[test]
fn links_and_special_files_are_never_followed() {
    let folder = tempfile::tempdir().unwrap();
    let root = Bundle::good().directory(&folder.path().join("b"));
    std::fs::remove_file(root.join("scans/1.jpg")).unwrap();
    std::os::unix::fs::symlink("/etc/hostname", root.join("scans/1.jpg")).unwrap();
    std::fs::rename(root.join("scans"), folder.path().join("elsewhere")).unwrap();
    std::fs::create_dir(root.join("scans")).unwrap();
    std::fs::rename(folder.path().join("elsewhere/1.jpg"), root.join("scans/1.jpg")).unwrap();
    std::fs::rename(folder.path().join("elsewhere/2.jpg"), root.join("scans/2.jpg")).unwrap();
    let (findings, _) = read(&root);
    let told: Vec<_> =
        findings.faults.first.iter().map(|fault| (fault.code.as_ref(), fault.field.as_deref())).collect();
    assert_eq!(told, [("BND-005", Some("pages[0]")), ("BND-043", Some("pages[0]"))]);
    // A whole folder behind a link.
    std::fs::remove_dir_all(root.join("scans")).unwrap();
    std::os::unix::fs::symlink(folder.path().join("elsewhere"), root.join("scans")).unwrap();
    let (findings, _) = read(&root);
    assert!(findings.faults.count == 3 && findings.faults.first.iter().all(|fault| fault.code == "BND-005"));
    // A manifest behind a link, and a pipe that would never end.
    std::fs::remove_file(root.join("manifest.json")).unwrap();
    std::os::unix::fs::symlink("/dev/zero", root.join("manifest.json")).unwrap();
    let (findings, _) = read(&root);
    assert!(
        findings
            .faults
            .first
            .iter()
            .any(|fault| fault.code == "BND-005" && fault.file.as_deref() == Some("manifest.json"))
    );
    std::fs::remove_file(root.join("manifest.json")).unwrap();
    rustix::fs::mknodat(
        rustix::fs::CWD,
        root.join("manifest.json"),
        rustix::fs::FileType::Fifo,
        rustix::fs::Mode::RUSR,
        0,
    )
    .unwrap();
    let (findings, _) = read(&root);
    assert!(
        findings
            .faults
            .first
            .iter()
            .any(|fault| fault.code == "BND-005" && fault.file.as_deref() == Some("manifest.json"))
    );
}

#[test]
fn an_annotation_has_the_fields_of_its_kind() {
    let stamp = "\"kind\":\"stamp\",\"x\":0.5,\"y\":\"0.25\",\"size\":20,\"stamp\":\"tick\"";
    let field = |name: &str| format!("annotations[0].{name}");
    for (by, code, name) in [
        ("\"kind\":\"scribble\"", "BND-023", "kind"),
        ("\"kind\":3", "BND-017", "kind"),
        ("\"x\":1", "BND-016", "kind"),
        ("\"kind\":\"mark\",\"x\":0.5,\"y\":0.5,\"text\":\"1\",\"size\":3", "BND-015", "size"),
        ("\"kind\":\"mark\",\"x\":0.5,\"y\":0.5,\"text\":\"\"", "BND-018", "text"),
        ("\"kind\":\"mark\",\"x\":0.5,\"text\":\"1\"", "BND-016", "y"),
        ("\"kind\":\"mark\",\"x\":\"a\",\"y\":0,\"text\":\"1\"", "BND-017", "x"),
        ("\"kind\":\"mark\",\"x\":null,\"y\":0,\"text\":\"1\"", "BND-017", "x"),
        ("\"kind\":\"mark\",\"x\":1e300,\"y\":0,\"text\":\"1\"", "BND-033", "x"),
        ("\"kind\":\"mark\",\"x\":-10.1,\"y\":0,\"text\":\"1\"", "BND-033", "x"),
        ("\"kind\":\"highlight\",\"x\":0,\"y\":0,\"width\":-0.1,\"height\":1", "BND-033", "width"),
        ("\"kind\":\"line\",\"from\":[0,0],\"to\":[1],\"width\":1", "BND-017", "to"),
        ("\"kind\":\"line\",\"from\":[0,0],\"to\":[1,[]],\"width\":1", "BND-017", "to[1]"),
        ("\"kind\":\"arrow\",\"from\":[0,0],\"to\":[1,1],\"width\":0", "BND-033", "width"),
        ("\"kind\":\"arrow\",\"from\":{},\"to\":[1,1],\"width\":1", "BND-017", "from"),
        ("\"kind\":\"ink\",\"strokes\":[],\"width\":1", "BND-018", "strokes"),
        ("\"kind\":\"ink\",\"strokes\":[[[0,0]],[]],\"width\":1", "BND-018", "strokes[1]"),
        ("\"kind\":\"ink\",\"strokes\":[[0]],\"width\":1", "BND-017", "strokes[0][0]"),
        (
            "\"kind\":\"rectangle\",\"x\":0,\"y\":0,\"width\":1,\"height\":1,\"width_of_line\":1",
            "BND-015",
            "",
        ),
        (
            "\"kind\":\"ellipse\",\"x\":0,\"y\":0,\"width\":1,\"height\":1,\"line_width\":1,\"fill\":\"red\"",
            "BND-025",
            "fill",
        ),
        ("\"kind\":\"text\",\"x\":0,\"y\":0,\"width\":1,\"text\":\"é\",\"size\":0", "BND-033", "size"),
        ("\"kind\":\"text\",\"x\":0,\"y\":0,\"width\":1,\"text\":\"a\\u0007\",\"size\":9", "BND-019", "text"),
        (
            "\"kind\":\"text\",\"x\":0,\"y\":0,\"width\":1,\"text\":\"a\",\"size\":9,\"rotation\":361",
            "BND-033",
            "rotation",
        ),
        ("\"kind\":\"stamp\",\"x\":0,\"y\":0,\"size\":9,\"stamp\":\"smile\"", "BND-023", "stamp"),
    ] {
        let bundle = Bundle::good().with("scripts.jsonl", stamp, by);
        let faults = bundle.findings().faults;
        let fault = faults
            .first
            .iter()
            .find(|fault| fault.code == code)
            .unwrap_or_else(|| panic!("{by}: {faults:#?}"));
        assert_eq!((fault.line, fault.candidate.as_deref()), (Some(1), Some("001")));
        if !name.is_empty() {
            assert_eq!(fault.field.as_deref(), Some(field(name).as_str()), "{by}");
            assert_eq!(faults.count, 1, "{by}: {faults:#?}");
        }
    }
    each(
        Bundle::good,
        &[
            ("scripts.jsonl", "#C8102E", "#C8102", "BND-025", 1, "annotations[0].colour"),
            ("scripts.jsonl", "\"opacity\":1.0", "\"opacity\":1.01", "BND-033", 1, "annotations[0].opacity"),
            ("scripts.jsonl", "{\"page\":1", "{\"page\":0", "BND-033", 1, "annotations[0].page"),
            ("scripts.jsonl", "{\"page\":1", "{\"page\":-1", "BND-033", 1, "annotations[0].page"),
            ("scripts.jsonl", "{\"page\":1", "{\"page\":1.0", "BND-017", 1, "annotations[0].page"),
        ],
    );
    let findings =
        Bundle::good().with("scripts.jsonl", "\"question\":\"1.a\"", "\"question\":\"9\"").findings();
    assert_eq!((findings.faults.count, findings.warnings.first[0].code.as_ref()), (0, "BND-103"));
}

#[test]
fn all_faults_are_found_at_once_and_past_a_thousand_counted() {
    let bundle = Bundle::good()
        .with("markers.jsonl", "\"Mme X\"", "5")
        .with("markers.jsonl", "\"N1\"", "\"N1\",\"a\":1,\"b\":2")
        .with("scripts.jsonl", "\"12.5\"", "\"21\"")
        .with("scripts.jsonl", "scans/1.jpg", "../x")
        .with("scripts.jsonl", "\"batch\":\"L001\"", "\"batch\":\"L9\"")
        .with("candidates.jsonl", "2003-05-01", "2003-02-29");
    let found = bundle.findings();
    let mut codes: Vec<_> = found.faults.first.iter().map(|fault| fault.code.to_string()).collect();
    codes.sort();
    assert_eq!(codes, ["BND-004", "BND-015", "BND-015", "BND-017", "BND-024", "BND-031", "BND-041"]);
    let many: String = (0..5_000).map(|_| "{\"id\":1}\n").collect();
    let found = Bundle::good().file("markers.jsonl", many.as_bytes()).findings().faults;
    assert_eq!(found.first.len(), 1_000);
    assert_eq!(found.count, 5_000 * 4);
}

#[test]
fn what_warns_does_not_refuse() {
    let bundle =
        Bundle::good().file("scans/unused.jpg", b"x").with("scripts.jsonl", "scans/3.jpg", "scans/1.jpg");
    let found = bundle
        .with("scripts.jsonl", "\"annotations\":[]", "\"harmonised\":\"12\",\"annotations\":[]")
        .findings();
    assert_eq!(found.faults.first, vec![]);
    let codes: Vec<_> = found.warnings.first.iter().map(|warning| warning.code.as_ref()).collect();
    assert_eq!(codes, ["BND-104", "BND-106", "BND-105"]);
    assert!(found.warnings.first[2].message.starts_with("2 files"), "{}", found.warnings.first[2]);
}
