//! What every operation of the contract shares, written in once instead of at each endpoint: the refusals that any
//! request may meet, what free text may hold, and examples, put together from those of the fields.
//!
//! An endpoint's own words stay as they are. What is added is what the extractors of [`super::form`],
//! [`super::rate_limit`] and [`super::guard`] do.

use super::refusals::{MEANINGS, PROBLEM_TYPE};
use axum::body::Bytes;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::routing::{MethodRouter, get};
use serde_json::{Map, Value, json};
use utoipa::openapi::OpenApi;

/// The instant and the day of every example.
const INSTANT: &str = "2026-01-18T14:30:22Z";
const DAY: &str = "2026-01-18";
/// One line: [`super::read::line`]. The second is not blank.
const LINE: [&str; 2] =
    [r"^[^\x00-\x1F\x7F-\x9F]*$", r"^[^\x00-\x1F\x7F-\x9F]*[^\s\x00-\x1F\x7F-\x9F][^\x00-\x1F\x7F-\x9F]*$"];
/// As many lines as it takes: [`super::read::text`]. The second is not blank.
const TEXT: [&str; 2] = [r"^[^\x00]*$", r"^[^\x00]*[^\s\x00][^\x00]*$"];
/// The same in a plant's records: `kit/rules.rs`, `text`. The second is not blank.
const RECORD_TEXT: [&str; 2] = [
    r"^[^\x00-\x08\x0B-\x1F\x7F-\x9F]*$",
    r"^[^\x00-\x08\x0B-\x1F\x7F-\x9F]*[^\s\x00-\x1F\x7F-\x9F][^\x00-\x08\x0B-\x1F\x7F-\x9F]*$",
];
/// The number of a record: `kit/rules.rs`, `key`.
const KEY: &str = r"[^\s\x00-\x1F\x7F-\x9F]";
/// From so many characters on, text may have several lines; so long is the number of a record at most.
const LONG: u64 = 20_000;
const KEY_CHARS: u64 = 255;
/// The longest text that is searched for, in characters.
const MAX_SOUGHT: u64 = 100;
/// Asked by providers, who are neither counted nor signed in.
const WEBHOOKS: [&str; 3] = ["/api/whatsapp/webhook", "/api/whatsapp/meta/webhook", "/api/whatsapp/status"];
/// The endpoints of the plant's records.
const RECORDS: &str = "Records";
const JSON: &str = "application/json";

/// Serves the contract with what all operations share. **Shape**: OpenAPI 3.1. It is kept as the bytes that go out, a
/// tenth of what it takes as a tree.
pub fn serving(contract: &OpenApi) -> MethodRouter {
    let document = Bytes::from(complete(contract).to_string());
    get(move || async move { ([(CONTENT_TYPE, JSON)], document) })
}

/// The contract with what all operations share.
fn complete(contract: &OpenApi) -> Value {
    let mut document = serde_json::to_value(contract).unwrap_or_default();
    let mut schemas = document["components"]["schemas"].as_object().cloned().unwrap_or_default();
    let mut refusals = Map::new();
    for (path, methods) in objects(&mut document["paths"]) {
        for (method, operation) in objects(methods) {
            let is_record = operation["tags"][0] == RECORDS;
            for parameter in operation.get_mut("parameters").and_then(Value::as_array_mut).into_iter().flatten() {
                bound(parameter);
            }
            if let Some(body) = operation.get_mut("requestBody") {
                let name = body["content"].get(JSON).and_then(|content| named(&content["schema"])).map(str::to_owned);
                if let Some(name) = name {
                    body["required"] = schemas[&name]["required"].is_array().into();
                    close(&name, &mut schemas, is_record);
                }
            }
            refuse(path, method, operation, &mut refusals);
        }
    }
    for (_, methods) in objects(&mut document["paths"]) {
        for (_, operation) in objects(methods) {
            show(operation, &schemas);
        }
    }
    document["components"]["schemas"] = schemas.into();
    document["components"]["responses"] = refusals.into();
    document
}

/// Says what a parameter may hold: nothing that is null, one line of text.
fn bound(parameter: &mut Value) {
    let is_sought = parameter["in"] == "query";
    let is_key = parameter["name"] == "number" || parameter["name"] == "reference";
    let schema = &mut parameter["schema"];
    if let Some(kind) = schema["type"].as_array().and_then(|kinds| kinds.iter().find(|kind| *kind != "null")).cloned() {
        schema["type"] = kind;
    }
    if is_sought && is_free_text(schema) {
        if is_key {
            // Whatever it holds is folded before it is sought.
            schema["maxLength"] = KEY_CHARS.into();
            return;
        }
        if schema.get("maxLength").is_none() {
            schema["maxLength"] = MAX_SOUGHT.into();
        }
        schema["pattern"] = LINE[0].into();
    }
}

/// Says of a form and what is in it that no other fields are taken, and what its text may hold.
fn close(name: &str, schemas: &mut Map<String, Value>, is_record: bool) {
    let schema = &mut schemas[name];
    if !schema["properties"].is_object() {
        return;
    }
    schema["additionalProperties"] = false.into();
    let mut inner = Vec::new();
    for (field, schema) in objects(&mut schema["properties"]) {
        inner.extend(named(schema).or_else(|| named(schema.get("items")?)).map(str::to_owned));
        if !is_free_text(schema) {
            continue;
        }
        let filled = usize::from(schema["minLength"].as_u64() > Some(0));
        let chars = schema["maxLength"].as_u64().unwrap_or_default();
        schema["pattern"] = match (is_record, chars) {
            (true, KEY_CHARS) if field != "department" && filled == 0 => continue,
            (true, KEY_CHARS) if field != "department" => KEY,
            (true, _) => RECORD_TEXT[filled],
            (false, LONG..) => TEXT[filled],
            (false, _) => LINE[filled],
        }
        .into();
    }
    for name in inner {
        close(&name, schemas, is_record);
    }
}

/// Adds the refusals that this operation may meet like any other, and gives all of them their form. Those of which
/// nothing is to be said beyond their meaning stand once, in `common`.
fn refuse(path: &str, method: &str, operation: &mut Value, common: &mut Map<String, Value>) {
    let is_read = method == "get";
    let is_secured = operation["security"].is_array();
    let takes_json = operation.get("requestBody").is_some_and(|body| body["content"].get(JSON).is_some());
    let parameters = operation["parameters"].as_array();
    let is_narrowed = parameters.is_some_and(|all| all.iter().any(|parameter| parameter["in"] != "path"));
    let may_meet = [
        (400, takes_json || is_narrowed),
        (401, is_secured),
        // A token for programs may be one that only reads.
        (403, is_secured && !is_read),
        (413, takes_json),
        (415, takes_json),
        (429, !WEBHOOKS.contains(&path)),
        (503, path.starts_with("/api/")),
    ];
    for (status, _) in may_meet.into_iter().filter(|(_, may_meet)| *may_meet) {
        let response = &mut operation["responses"][status.to_string()];
        if response.is_null() {
            *response = json!({"description": "", "content": {"": {"schema": {"$ref": PROBLEM}}}});
        }
    }
    for (status, response) in objects(&mut operation["responses"]) {
        if response["description"].as_str().is_none_or(str::is_empty) {
            response["description"] = meaning(status).or_else(|| title(status)).unwrap_or_default().into();
        }
        let content = response["content"].as_object();
        let is_problem = content.is_some_and(|all| all.values().any(|content| content["schema"]["$ref"] == PROBLEM));
        let Some(code) = status.parse::<u16>().ok().filter(|_| is_problem) else { continue };
        let detail = response["description"].clone();
        let mut example =
            json!({"type": "about:blank", "title": title(status), "status": code, "detail": detail, "error": detail});
        if code == 400 {
            example["errors"] = json!({"title": ["must not be empty"]});
        }
        response["content"] = json!({PROBLEM_TYPE: {"schema": {"$ref": PROBLEM}, "example": example}});
        match code {
            401 => {
                response["headers"] = json!({"WWW-Authenticate": {"schema": {"type": "string"}, "example": "Bearer"}});
            }
            429 | 503 => {
                let seconds = json!({"type": "integer", "minimum": 0});
                let says = "After how many seconds it is worth another try";
                response["headers"] = json!({"Retry-After": {"description": says, "schema": seconds, "example": 5}});
            }
            _ => {}
        }
        if response["description"].as_str() == meaning(status) {
            let name = title(status).unwrap_or_default().replace(' ', "");
            let reference = json!({"$ref": format!("#/components/responses/{name}")});
            common.insert(name, std::mem::replace(response, reference));
        }
    }
}

/// What a refusal means, where nothing else is said of it.
fn meaning(status: &str) -> Option<&'static str> {
    MEANINGS.iter().find(|(known, _)| known.to_string() == status).map(|(_, meaning)| *meaning)
}

/// A status in words.
fn title(status: &str) -> Option<&'static str> {
    StatusCode::from_bytes(status.as_bytes()).ok()?.canonical_reason()
}

/// Where the contract has what a refused request is answered with.
const PROBLEM: &str = "#/components/schemas/Problem";

/// Adds an example to every JSON that is sent or answered.
fn show(operation: &mut Value, schemas: &Map<String, Value>) {
    let give = |side: &mut Value, is_asked| {
        let content = side.get_mut("content").and_then(|content| content.get_mut(JSON));
        if let Some(content) = content.filter(|content| content.get("example").is_none()) {
            content["example"] = sample(&content["schema"], schemas, is_asked);
        }
    };
    if let Some(body) = operation.get_mut("requestBody") {
        give(body, true);
    }
    for (_, response) in objects(&mut operation["responses"]) {
        give(response, false);
    }
}

/// A value that fits a schema: the schema's own example where it has one, else made of its parts. What may be null
/// is, unless it has an example; from a form that is `is_asked` for it is left out.
fn sample(schema: &Value, schemas: &Map<String, Value>, is_asked: bool) -> Value {
    let first = |name: &str| schema.get(name)?.as_array()?.first().cloned();
    if let Some(name) = named(schema) {
        return sample(&schemas[name], schemas, is_asked);
    }
    let given = schema.get("example").or_else(|| schema.get("default")).cloned();
    if let Some(given) = given.or_else(|| first("examples")).or_else(|| first("enum")) {
        return given;
    }
    if let Some(parts) = schema.get("allOf").and_then(Value::as_array) {
        let parts = parts.iter().filter_map(|part| sample(part, schemas, is_asked).as_object().cloned());
        return parts.flatten().collect::<Map<_, _>>().into();
    }
    if let Some(choices) = schema.get("oneOf").and_then(Value::as_array) {
        let may_be_null = choices.iter().any(|choice| choice["type"] == "null");
        return if may_be_null { Value::Null } else { sample(&choices[0], schemas, is_asked) };
    }
    match schema["type"].as_str() {
        Some("object") => {
            let needed = schema["required"].as_array();
            let fields = schema["properties"].as_object().into_iter().flatten().filter_map(|(name, schema)| {
                let value = sample(schema, schemas, is_asked);
                let is_needed = needed.is_some_and(|needed| needed.iter().any(|needed| needed == name));
                (is_needed || !is_asked || !value.is_null()).then(|| (name.clone(), value))
            });
            fields.collect::<Map<_, _>>().into()
        }
        Some("array") => json!([sample(&schema["items"], schemas, is_asked)]),
        Some("string") => match schema["format"].as_str() {
            Some("date-time") => INSTANT.into(),
            Some("date") => DAY.into(),
            _ => "".into(),
        },
        Some("integer" | "number") => schema.get("minimum").cloned().unwrap_or_else(|| 1.into()),
        Some("boolean") => false.into(),
        _ => Value::Null,
    }
}

/// Whether a schema is of text that nothing else says more of.
fn is_free_text(schema: &Value) -> bool {
    let kind = &schema["type"];
    let is_text = kind == "string" || kind.as_array().is_some_and(|kinds| kinds.iter().any(|kind| kind == "string"));
    is_text && ["enum", "format", "pattern"].iter().all(|more| schema.get(more).is_none())
}

/// The name of the schema that this one refers to.
fn named(schema: &Value) -> Option<&str> {
    schema.get("$ref")?.as_str()?.strip_prefix("#/components/schemas/")
}

fn objects(value: &mut Value) -> impl Iterator<Item = (&String, &mut Value)> {
    value.as_object_mut().into_iter().flatten()
}
