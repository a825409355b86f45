//! What the front says when it does not pass a request on: a code, a status, a text for programs and one for
//! people.

use std::fmt::Write;
use std::time::{Duration, SystemTime};

use super::counts::COUNTS;

/// A request that is not passed on, or an answer that did not come.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("{code} {detail}")]
pub(super) struct Refusal {
    pub(super) code: &'static str,
    pub(super) status: u16,
    title: &'static str,
    detail: &'static str,
    /// The same for a person, in French.
    titre: &'static str,
    texte: &'static str,
    /// When it is worth asking again.
    again: Option<Duration>,
}

macro_rules! refusals {
    ($($name:ident $code:literal $status:literal $again:expr, $title:literal $detail:literal, $titre:literal $texte:literal;)*) => {
        impl Refusal {
            $(pub(super) const $name: Refusal = Refusal {
                code: $code, status: $status, title: $title, detail: $detail, titre: $titre, texte: $texte,
                again: $again,
            };)*

            /// All of them, in order of their codes.
            pub(super) const ALL: &[Refusal] = &[$(Refusal::$name),*];
        }
    };
}

const SOON: Option<Duration> = Some(Duration::from_secs(5));

refusals! {
    MALFORMED "HTT-001" 400 None,
        "Malformed request" "What was sent is not an HTTP request. Nothing was done; send HTTP/1.1 in plain text.",
        "Requête illisible" "Ce qui a été envoyé n'est pas une requête HTTP. Rien n'a été fait.";
    SIGNS "HTT-002" 400 None,
        "Forbidden characters in the head" "The head holds a control character, a bare CR or LF, a folded line or a byte outside ASCII. Nothing was done; send it without.",
        "Caractères interdits" "L'en-tête de la requête contient des caractères interdits. Rien n'a été fait.";
    HOST "HTT-003" 400 None,
        "Host missing or ambiguous" "The request needs exactly one Host header that names a host. Nothing was done.",
        "Hôte manquant ou ambigu" "La requête ne dit pas clairement à quel hôte elle s'adresse. Rien n'a été fait.";
    TARGET "HTT-004" 400 None,
        "Bad request target" "The target must begin with a slash, or with http:// or https:// and the request's own Host. Nothing was done.",
        "Adresse incorrecte" "L'adresse demandée n'est pas valable. Rien n'a été fait : vérifiez le lien.";
    FRAMING "HTT-005" 400 None,
        "Ambiguous body length" "Content-Length must be given at most once, in digits alone, and never with Transfer-Encoding. Nothing was done.",
        "Longueur ambiguë" "La longueur du contenu envoyé n'est pas claire. Rien n'a été fait.";
    HEAD_LATE "HTT-006" 408 None,
        "The head took too long" "The request's head did not arrive in time. Nothing was done; send it again.",
        "Requête trop lente" "Le début de la requête n'est pas arrivé à temps. Rien n'a été fait : recommencez.";
    BODY_LATE "HTT-007" 408 None,
        "The body took too long" "The request's body did not arrive in time. Nothing was done; send it again.",
        "Envoi trop lent" "Le contenu n'est pas arrivé en entier à temps. Rien n'a été fait : recommencez.";
    CHUNKED "HTT-008" 411 None,
        "Length required" "A body must come with Content-Length; chunks are not taken. Nothing was done.",
        "Longueur exigée" "Le contenu doit être envoyé avec sa longueur. Rien n'a été fait.";
    BODY_LARGE "HTT-009" 413 None,
        "Body too large" "The body is larger than this server takes. Nothing was done; send less.",
        "Contenu trop volumineux" "Ce qui est envoyé dépasse la taille admise. Rien n'a été fait : envoyez moins.";
    TARGET_LONG "HTT-010" 414 None,
        "Target too long" "The request's target is longer than this server takes. Nothing was done.",
        "Adresse trop longue" "L'adresse demandée est trop longue. Rien n'a été fait.";
    EXPECTATION "HTT-011" 417 None,
        "Expectation unknown" "Only `Expect: 100-continue` is understood. Nothing was done; leave it out.",
        "Attente inconnue" "La requête pose une condition inconnue. Rien n'a été fait.";
    HEAD_LARGE "HTT-012" 431 None,
        "Head too large" "The request has more header lines or bytes than this server takes. Nothing was done; send fewer, cookies first.",
        "En-tête trop volumineux" "L'en-tête de la requête est trop volumineux. Rien n'a été fait : effacez les cookies du site.";
    METHOD "HTT-013" 501 None,
        "Method unknown" "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS, TRACE and QUERY are understood. Nothing was done.",
        "Méthode inconnue" "Cette méthode n'est pas reconnue. Rien n'a été fait.";
    CODING "HTT-014" 501 None,
        "Transfer coding unknown" "A body must come as it is, with Content-Length. Nothing was done.",
        "Codage inconnu" "Le codage du contenu n'est pas reconnu. Rien n'a été fait.";
    VERSION "HTT-015" 505 None,
        "HTTP version not supported" "HTTP/1.0 and HTTP/1.1 are spoken here. Nothing was done.",
        "Version de HTTP refusée" "Seules les versions 1.0 et 1.1 de HTTP sont acceptées. Rien n'a été fait.";
    BUSY "HTT-016" 503 SOON,
        "Busy" "As many requests are being answered as this server takes at once. Nothing was done; ask again in a few seconds.",
        "Serveur occupé" "Le serveur répond déjà à autant de demandes qu'il peut. Rien n'a été fait : recommencez dans quelques secondes.";
    SENDINGS "HTT-017" 503 SOON,
        "Busy sending" "As many downloads are running as this server allows at once. Nothing was sent; ask again when one has ended.",
        "Trop de téléchargements" "Le serveur envoie déjà autant de fichiers qu'il peut. Rien n'a été envoyé : recommencez dans un moment.";
    NO_ANSWER "HTT-018" 502 None,
        "No answer" "The part of the server that does the work gave no usable answer. What was asked may have been done: look before asking again.",
        "Pas de réponse" "Le serveur n'a pas pu répondre. La demande a peut-être été prise en compte : vérifiez avant de recommencer.";
    ANSWER_LATE "HTT-019" 504 None,
        "The answer took too long" "The part of the server that does the work did not answer in time. What was asked may still be done: look before asking again.",
        "Réponse trop lente" "Le serveur n'a pas répondu à temps. La demande est peut-être encore en cours : vérifiez avant de recommencer.";
    ENDING "HTT-020" 503 SOON,
        "The server is ending" "The server is ending and did not wait for the answer. What was asked may have been done: look before asking again.",
        "Arrêt du serveur" "Le serveur s'arrête. La demande a peut-être été prise en compte : vérifiez avant de recommencer.";
}

impl Refusal {
    /// The whole answer, which closes the connection. `page` asks for HTML; `bodiless` leaves the body out, as
    /// HEAD wants it.
    pub(super) fn answer(&self, id: &str, page: bool, bodiless: bool) -> Vec<u8> {
        COUNTS.refuse(self);
        let (kind, body) =
            if page { ("text/html; charset=utf-8", self.page()) } else { (PROBLEM, self.problem()) };
        let mut head = format!(
            "HTTP/1.1 {} {}\r\nDate: {}\r\nContent-Type: {kind}\r\nContent-Length: {}\r\nCache-Control: no-store\r\n\
             X-Content-Type-Options: nosniff\r\nContent-Security-Policy: default-src 'none'\r\n",
            self.status,
            reason(self.status),
            httpdate::fmt_http_date(SystemTime::now()),
            body.len(),
        );
        // Writing into a string cannot fail.
        if let Some(again) = self.again {
            let _ = write!(head, "Retry-After: {}\r\n", again.as_secs());
        }
        let _ = write!(head, "X-Request-Id: {id}\r\nConnection: close\r\n\r\n");
        let mut answer = head.into_bytes();
        if !bodiless {
            answer.extend_from_slice(body.as_bytes());
        }
        answer
    }

    fn problem(&self) -> String {
        serde_json::json!({
            "type": "about:blank",
            "title": self.title,
            "status": self.status,
            "code": self.code,
            "detail": self.detail,
        })
        .to_string()
    }

    /// Fixed texts of our own: nothing that a client sent is in it, so nothing needs escaping.
    fn page(&self) -> String {
        let Refusal { titre, texte, code, .. } = self;
        format!(
            "<!doctype html>\n<html lang=\"fr\"><head><meta charset=\"utf-8\">\
             <meta name=\"viewport\" content=\"width=device-width\"><title>{titre}</title></head>\n\
             <body><main><h1>{titre}</h1><p>{texte}</p><p>Code : {code}</p></main></body></html>\n"
        )
    }
}

/// Errors for programs: RFC 9457.
const PROBLEM: &str = "application/problem+json";

/// The words of a status; none for one that has no words here, which is allowed.
pub(super) fn reason(status: u16) -> &'static str {
    match status {
        200 => "OK",
        201 => "Created",
        202 => "Accepted",
        204 => "No Content",
        206 => "Partial Content",
        301 => "Moved Permanently",
        302 => "Found",
        303 => "See Other",
        304 => "Not Modified",
        307 => "Temporary Redirect",
        308 => "Permanent Redirect",
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        406 => "Not Acceptable",
        408 => "Request Timeout",
        409 => "Conflict",
        410 => "Gone",
        411 => "Length Required",
        412 => "Precondition Failed",
        413 => "Content Too Large",
        414 => "URI Too Long",
        415 => "Unsupported Media Type",
        416 => "Range Not Satisfiable",
        417 => "Expectation Failed",
        422 => "Unprocessable Content",
        428 => "Precondition Required",
        429 => "Too Many Requests",
        431 => "Request Header Fields Too Large",
        500 => "Internal Server Error",
        501 => "Not Implemented",
        502 => "Bad Gateway",
        503 => "Service Unavailable",
        504 => "Gateway Timeout",
        505 => "HTTP Version Not Supported",
        507 => "Insufficient Storage",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_refusal_has_a_code_of_its_own_and_both_its_texts_say_it() {
        let codes: BTreeSet<&str> = Refusal::ALL.iter().map(|refusal| refusal.code).collect();
        assert_eq!(codes.len(), Refusal::ALL.len());
        for refusal in Refusal::ALL {
            assert!(!reason(refusal.status).is_empty(), "{refusal}");
            let problem = String::from_utf8(refusal.answer("id", false, false)).unwrap();
            let (head, body) = problem.split_once("\r\n\r\n").unwrap();
            let body: serde_json::Value = serde_json::from_str(body).unwrap();
            assert_eq!(body["code"], refusal.code);
            assert_eq!(body["status"], refusal.status);
            assert!(head.contains("Content-Type: application/problem+json\r\n"));
            assert_eq!(head.contains("Retry-After"), refusal.status == 503, "{refusal}");
            let page = String::from_utf8(refusal.answer("id", true, false)).unwrap();
            assert!(page.contains(refusal.code) && page.contains("lang=\"fr\""));
            let bodiless = String::from_utf8(refusal.answer("id", false, true)).unwrap();
            assert!(bodiless.ends_with("\r\n\r\n"), "{bodiless}");
        }
    }
}
