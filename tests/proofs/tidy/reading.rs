//! What reads our sources tells code from what is not.

use copiste_tests::sources::{bare, names, without_tests};

#[test]
fn comments_strings_and_characters_are_not_code() {
    let text = "let a = \"sled\"; // sled\n/* sled */ let b = r#\"sled \" sled\"#; let c = 'x'; f::<'a>('\\'');\nsled";
    let code = bare(text);
    assert_eq!(code.lines().count(), text.lines().count());
    assert_eq!(code.matches("sled").count(), 1, "{code}");
    assert!(code.contains("let c ="), "{code}");
    assert!(code.contains("a>("), "a lifetime is code: {code}");
}

#[test]
fn a_name_is_found_whole_only() {
    assert!(names("use mupdf::Document;", "mupdf"));
    assert!(!names("use mupdf_fonts_noto::FONT;", "mupdf"));
    assert!(names("std::env::var(\"X\")", "env::var"));
}

#[test]
fn what_only_tests_see_is_not_the_product() {
    let code = "fn a() {}\n#[cfg(test)]\nmod tests { fn b() { {} } }\nfn c() {}";
    let left = without_tests(code);
    assert!(left.contains("fn a") && left.contains("fn c") && !left.contains("fn b"), "{left}");
    assert_eq!(left.lines().count(), code.lines().count());
}
