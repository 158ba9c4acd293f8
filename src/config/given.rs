//! What an operator may write: every setting's name, flag, default and purpose.
//!
//! These structures hold text only; `read.rs` turns them into [`super::Settings`] or says what is wrong. The
//! doc comments are the text of `--help` and of the README's table, so they are written for operators. Nothing
//! here may implement `Debug`: secrets pass through as plain text.

#![expect(clippy::doc_markdown, reason = "the doc comments are shown on terminals, where backticks would be noise")]
#![expect(clippy::struct_field_names, reason = "a field's name is its flag, and one command holds all of them")]

/// All settings as they were written, in the order in which `--help` groups them.
#[derive(clap::Args)]
#[group(skip)]
pub(super) struct Given {
    #[command(flatten)]
    pub(super) server: Server,
    #[command(flatten)]
    pub(super) attachments: Attachments,
    #[command(flatten)]
    pub(super) signing_in: SigningIn,
    #[command(flatten)]
    pub(super) company: Company,
    #[command(flatten)]
    pub(super) database: Database,
    #[command(flatten)]
    pub(super) whatsapp: Whatsapp,
    #[command(flatten)]
    pub(super) twilio: Twilio,
    #[command(flatten)]
    pub(super) meta: super::meta::Given,
    #[command(flatten)]
    pub(super) mail: Mail,
    #[command(flatten)]
    pub(super) costs: Costs,
    #[command(flatten)]
    pub(super) notices: Notices,
    #[command(flatten)]
    pub(super) chat: Chat,
    #[command(flatten)]
    pub(super) webhooks: Webhooks,
    #[command(flatten)]
    pub(super) simulator: Simulator,
    #[command(flatten)]
    pub(super) logging: Logging,
    #[command(flatten)]
    pub(super) watching: Watching,
}

#[derive(clap::Args)]
#[command(next_help_heading = "Server")]
#[group(skip)]
pub(super) struct Server {
    /// Address and port to listen on
    #[arg(long, env = "ANDON_BIND", default_value = "127.0.0.1:8000", value_name = "ADDRESS:PORT")]
    pub(super) bind: String,

    /// Folder for everything Andon keeps on disk; made when it is missing
    #[arg(long, env = "ANDON_DATA_DIR", default_value = "andon-data", value_name = "FOLDER")]
    pub(super) data_dir: String,

    /// Where the world reaches Andon, for example https://andon.example.com; without it, the origin of
    /// WHATSAPP_WEBHOOK_URL
    #[arg(long, env = "ANDON_PUBLIC_URL", value_name = "URL")]
    pub(super) public_url: Option<String>,

    /// Proxies whose X-Forwarded-For counts: IP addresses or networks (10.0.0.0/8), separated by commas
    #[arg(long, env = "ANDON_TRUSTED_PROXIES", value_name = "LIST")]
    pub(super) trusted_proxies: Option<String>,

    /// Requests a minute that one address may make without proving who it is; 0 for no limit. Webhooks do not count
    #[arg(long, env = "ANDON_REQUEST_LIMIT", default_value = "300", value_name = "NUMBER")]
    pub(super) request_limit: String,

    /// Bearer token for the admin endpoints, beside the admins who sign in. Secret, or ANDON_ADMIN_TOKEN_FILE
    #[arg(long, env = "ANDON_ADMIN_TOKEN", value_name = "TOKEN")]
    pub(super) admin_token: Option<String>,

    /// File that holds ANDON_ADMIN_TOKEN
    #[arg(long, env = "ANDON_ADMIN_TOKEN_FILE", value_name = "FILE", hide = true)]
    pub(super) admin_token_file: Option<String>,
}

#[derive(clap::Args)]
#[command(next_help_heading = "Attachments")]
#[group(skip)]
pub(super) struct Attachments {
    /// Megabytes that one attachment may have
    #[arg(long, env = "ANDON_MAX_ATTACHMENT", default_value = "16", value_name = "NUMBER")]
    pub(super) max_attachment: String,

    /// Keep attachments in a bucket that speaks S3, s3://bucket or s3://bucket/prefix; without it, in the folder
    /// `files` of the data folder
    #[arg(long, env = "ANDON_FILES_URL", value_name = "URL")]
    pub(super) files_url: Option<String>,

    /// Where the bucket's store answers, for example http://127.0.0.1:9000; without it, Amazon's
    #[arg(long, env = "ANDON_FILES_ENDPOINT", value_name = "URL")]
    pub(super) files_endpoint: Option<String>,

    /// The bucket's region
    #[arg(long, env = "ANDON_FILES_REGION", default_value = "us-east-1", value_name = "NAME")]
    pub(super) files_region: String,

    /// Id of the access key, which may write, read, list and delete in the bucket
    #[arg(long, env = "ANDON_FILES_KEY_ID", value_name = "ID")]
    pub(super) files_key_id: Option<String>,

    /// The access key itself. Secret, or ANDON_FILES_SECRET_FILE
    #[arg(long, env = "ANDON_FILES_SECRET", value_name = "KEY")]
    pub(super) files_secret: Option<String>,

    /// File that holds ANDON_FILES_SECRET
    #[arg(long, env = "ANDON_FILES_SECRET_FILE", value_name = "FILE", hide = true)]
    pub(super) files_secret_file: Option<String>,
}

#[derive(clap::Args)]
#[command(next_help_heading = "Signing in")]
#[group(skip)]
pub(super) struct SigningIn {
    /// Key that signs the tokens of those who sign in, 32 characters or more; without one, a random key is made at the
    /// first start and kept in the database. Changing it signs everybody out, and webhooks need new secrets. Secret, or
    /// ANDON_JWT_SECRET_FILE
    #[arg(long, env = "ANDON_JWT_SECRET", value_name = "KEY")]
    pub(super) jwt_secret: Option<String>,

    /// File that holds ANDON_JWT_SECRET
    #[arg(long, env = "ANDON_JWT_SECRET_FILE", value_name = "FILE", hide = true)]
    pub(super) jwt_secret_file: Option<String>,

    /// Beginnings of phone numbers that users may have although no numbering plan has them, for example +1555000;
    /// separated by commas
    #[arg(long, env = "ANDON_ALLOW_NUMBERS", value_name = "LIST")]
    pub(super) allow_numbers: Option<String>,
}

#[derive(clap::Args)]
#[command(next_help_heading = "Company")]
#[group(skip)]
pub(super) struct Company {
    /// Name of the company, as the chat greets with it
    #[arg(long, env = "ANDON_COMPANY", default_value = "Andon", value_name = "NAME")]
    pub(super) company: String,

    /// IANA time zone in which people read dates and times, for example Europe/Berlin
    #[arg(long, env = "ANDON_TIMEZONE", default_value = "UTC", value_name = "ZONE")]
    pub(super) timezone: String,
}

#[derive(clap::Args)]
#[command(next_help_heading = "Database")]
#[group(skip)]
pub(super) struct Database {
    /// PostgreSQL (postgres://…), MariaDB or MySQL (mysql://…) or SQLite (sqlite://…); without it, SQLite's andon.db
    /// in the data folder. Secret, or DATABASE_URL_FILE
    #[arg(long, env = "DATABASE_URL", value_name = "URL")]
    pub(super) database_url: Option<String>,

    /// File that holds DATABASE_URL
    #[arg(long, env = "DATABASE_URL_FILE", value_name = "FILE", hide = true)]
    pub(super) database_url_file: Option<String>,

    /// Days for which the texts of messages are kept, in and out; 0 for ever. What was reported stays
    #[arg(long, env = "ANDON_KEEP_MESSAGES", default_value = "365", value_name = "DAYS")]
    pub(super) keep_messages: String,
}

#[derive(clap::Args)]
#[command(next_help_heading = "WhatsApp")]
#[group(skip)]
pub(super) struct Whatsapp {
    /// Take and send WhatsApp messages; when false, webhooks answer 503
    #[arg(long, env = "ENABLE_WHATSAPP", default_value = "true", value_name = "BOOL", num_args = 0..=1,
        require_equals = true, default_missing_value = "true")]
    pub(super) enable_whatsapp: String,

    /// The webhook's address exactly as it stands at Twilio, for example
    /// https://andon.example.com/api/whatsapp/webhook
    #[arg(long, env = "WHATSAPP_WEBHOOK_URL", value_name = "URL")]
    pub(super) webhook_url: Option<String>,

    /// Seconds of silence after which a conversation is dormant
    #[arg(long, env = "WHATSAPP_SESSION_TIMEOUT", default_value = "3600", value_name = "SECONDS")]
    pub(super) session_timeout: String,

    /// Use Redis: processes wake each other by it and send at one pace, and live sessions are copied to it for other tools
    /// to read
    #[arg(long, env = "WHATSAPP_USE_REDIS", default_value = "false", value_name = "BOOL", num_args = 0..=1,
        require_equals = true, default_missing_value = "true")]
    pub(super) use_redis: String,

    /// Address of Redis, redis:// or with TLS rediss://; without it, redis://127.0.0.1:6379. Secret, or REDIS_URL_FILE
    #[arg(long, env = "REDIS_URL", value_name = "URL")]
    pub(super) redis_url: Option<String>,

    /// File that holds REDIS_URL
    #[arg(long, env = "REDIS_URL_FILE", value_name = "FILE", hide = true)]
    pub(super) redis_url_file: Option<String>,

    /// What Andon's keys and channel in Redis begin with; give each its own where several share one Redis
    #[arg(long, env = "ANDON_REDIS_PREFIX", default_value = "whatsapp:", value_name = "TEXT")]
    pub(super) redis_prefix: String,
}

#[derive(clap::Args)]
#[command(next_help_heading = "Twilio")]
#[group(skip)]
pub(super) struct Twilio {
    /// Account SID (AC…), from the first page of console.twilio.com
    #[arg(long, env = "TWILIO_ACCOUNT_SID", value_name = "SID")]
    pub(super) twilio_account_sid: Option<String>,

    /// Auth token, from the same page; without it every webhook gets 403. Secret, or TWILIO_AUTH_TOKEN_FILE
    #[arg(long, env = "TWILIO_AUTH_TOKEN", value_name = "TOKEN")]
    pub(super) twilio_auth_token: Option<String>,

    /// File that holds TWILIO_AUTH_TOKEN
    #[arg(long, env = "TWILIO_AUTH_TOKEN_FILE", value_name = "FILE", hide = true)]
    pub(super) twilio_auth_token_file: Option<String>,

    /// The token that comes next, while you rotate: webhooks signed with either count. Secret, or
    /// TWILIO_AUTH_TOKEN_NEXT_FILE
    #[arg(long, env = "TWILIO_AUTH_TOKEN_NEXT", value_name = "TOKEN")]
    pub(super) twilio_auth_token_next: Option<String>,

    /// File that holds TWILIO_AUTH_TOKEN_NEXT
    #[arg(long, env = "TWILIO_AUTH_TOKEN_NEXT_FILE", value_name = "FILE", hide = true)]
    pub(super) twilio_auth_token_next_file: Option<String>,

    /// The WhatsApp number that Andon writes from, +14155238886 or whatsapp:+14155238886; also read as
    /// TWILIO_WHATSAPP_FROM
    #[arg(long, env = "TWILIO_WHATSAPP_NUMBER", value_name = "NUMBER")]
    pub(super) twilio_whatsapp_number: Option<String>,

    /// Another name of TWILIO_WHATSAPP_NUMBER
    #[arg(long, env = "TWILIO_WHATSAPP_FROM", value_name = "NUMBER", hide = true)]
    pub(super) twilio_whatsapp_from: Option<String>,

    /// The number that Andon's text messages (SMS) come from; without it, and without a Messaging Service, none are sent
    #[arg(long, env = "TWILIO_SMS_NUMBER", value_name = "NUMBER")]
    pub(super) twilio_sms_number: Option<String>,

    /// The Messaging Service (MG…) whose numbers text messages come from, in place of TWILIO_SMS_NUMBER
    #[arg(long, env = "TWILIO_MESSAGING_SERVICE_SID", value_name = "SID")]
    pub(super) twilio_messaging_service_sid: Option<String>,

    /// WhatsApp messages that each sender may send: 80 (a second), 1/3 (one in three seconds) or 0 (no limit). Without
    /// it, as fast as Twilio takes them: 80 a second, from the sandbox one in three seconds; no limit with a stand-in
    #[arg(long, env = "ANDON_WHATSAPP_RATE", value_name = "RATE")]
    pub(super) whatsapp_rate: Option<String>,

    /// The same for text messages. Without it one a second, as Twilio carries them from an ordinary number; no limit
    /// with a Messaging Service, which keeps its numbers' pace itself, or with a stand-in
    #[arg(long, env = "ANDON_SMS_RATE", value_name = "RATE")]
    pub(super) sms_rate: Option<String>,

    /// Where Twilio's API answers; change it only to try Andon against a stand-in
    #[arg(long, env = "TWILIO_API_BASE", default_value = "https://api.twilio.com", value_name = "URL")]
    pub(super) twilio_api_base: String,
}

#[derive(clap::Args)]
#[command(next_help_heading = "E-mail")]
#[group(skip)]
pub(super) struct Mail {
    /// The server that takes e-mails, smtps://user:password@host or, with STARTTLS, smtp://user:password@host:587;
    /// without it no e-mails are sent. Secret, or SMTP_URL_FILE
    #[arg(long, env = "SMTP_URL", value_name = "URL")]
    pub(super) smtp_url: Option<String>,

    /// File that holds SMTP_URL
    #[arg(long, env = "SMTP_URL_FILE", value_name = "FILE", hide = true)]
    pub(super) smtp_url_file: Option<String>,

    /// From whom e-mails come, for example Andon <andon@example.com>
    #[arg(long, env = "EMAIL_FROM", value_name = "SENDER")]
    pub(super) email_from: Option<String>,
}

#[derive(clap::Args)]
#[command(next_help_heading = "Costs")]
#[group(skip)]
pub(super) struct Costs {
    /// What messages may cost a month, for example 100 USD; /health, the log and andon doctor say when 80 % and when all of
    /// it is spent. What is billed in another currency is not counted
    #[arg(long, env = "ANDON_MESSAGE_BUDGET", value_name = "SUM")]
    pub(super) message_budget: Option<String>,

    /// Once the budget is spent, hold back notices that are not urgent and would cost, until the month ends or the budget
    /// is raised
    #[arg(long, env = "ANDON_MESSAGE_BUDGET_HOLD", default_value = "false", value_name = "BOOL", num_args = 0..=1,
        require_equals = true, default_missing_value = "true")]
    pub(super) message_budget_hold: String,
}

#[derive(clap::Args)]
#[command(next_help_heading = "Notices")]
#[group(skip)]
pub(super) struct Notices {
    /// Minutes in which an urgent notice must arrive before it goes by the next medium as well; 0 for any time
    #[arg(long, env = "ANDON_PATIENCE_URGENT", default_value = "5", value_name = "MINUTES")]
    pub(super) patience_urgent: String,

    /// The same for a notice that is neither urgent nor low
    #[arg(long, env = "ANDON_PATIENCE_NORMAL", default_value = "60", value_name = "MINUTES")]
    pub(super) patience_normal: String,

    /// After a notice of low urgency, minutes in which further ones to the same person are gathered into one message;
    /// 0 sends each by itself
    #[arg(long, env = "ANDON_DIGEST_MINUTES", default_value = "5", value_name = "MINUTES")]
    pub(super) digest_minutes: String,

    /// Hours in which nobody is sent what is not urgent, for example 22:00-06:00; people may choose their own
    #[arg(long, env = "ANDON_QUIET_HOURS", value_name = "HOURS")]
    pub(super) quiet_hours: Option<String>,

    /// File of the approved WhatsApp templates for people who have not written for 24 hours (docs/operating.md)
    #[arg(long, env = "ANDON_TEMPLATES", value_name = "FILE")]
    pub(super) templates: Option<String>,
}

#[derive(clap::Args)]
#[command(next_help_heading = "Chat")]
#[group(skip)]
pub(super) struct Chat {
    /// Who may use the floor's six options: `registered` numbers only, or with `open` every number
    #[arg(long, env = "ANDON_CHAT_ACCESS", default_value = "registered", value_name = "WHO")]
    pub(super) chat_access: String,

    /// Messages a minute that one number gets answered at once; 0 for no limit. What goes beyond is answered late
    #[arg(long, env = "ANDON_SENDER_LIMIT", default_value = "30", value_name = "NUMBER")]
    pub(super) sender_limit: String,

    /// Folder of flow files that add to the built-in flows or replace them
    #[arg(long, env = "ANDON_FLOWS_DIR", value_name = "FOLDER")]
    pub(super) flows_dir: Option<String>,

    /// Folder of wording files that replace built-in texts
    #[arg(long, env = "ANDON_WORDING_DIR", value_name = "FOLDER")]
    pub(super) wording_dir: Option<String>,

    /// Days for which the answers of a dormant form are kept
    #[arg(long, env = "ANDON_DRAFT_DAYS", default_value = "7", value_name = "DAYS")]
    pub(super) draft_days: String,

    /// Show choices as buttons and lists to tap where the provider can, beside numbers and words
    #[arg(long, env = "ANDON_TAPS", default_value = "true", value_name = "BOOL")]
    pub(super) taps: String,
}

#[derive(clap::Args)]
#[command(next_help_heading = "Webhooks")]
#[group(skip)]
pub(super) struct Webhooks {
    /// Networks beside the public ones that webhooks may call, over http too: IP addresses or networks (10.1.0.0/16),
    /// separated by commas
    #[arg(long, env = "ANDON_WEBHOOK_NETWORKS", value_name = "LIST")]
    pub(super) webhook_networks: Option<String>,
}

#[derive(clap::Args)]
#[command(next_help_heading = "Simulator")]
#[group(skip)]
pub(super) struct Simulator {
    /// Serve a stand-in for Twilio and a phone at /simulator; on a loopback address only
    #[arg(long, env = "ANDON_SIMULATOR", default_value = "false", value_name = "BOOL", num_args = 0..=1,
        require_equals = true, default_missing_value = "true")]
    pub(super) simulator: String,
}

#[derive(clap::Args)]
#[command(next_help_heading = "Logging")]
#[group(skip)]
pub(super) struct Logging {
    /// What to log: error, warn, info, debug or trace, also by part (info,sqlx=warn)
    #[arg(long, env = "ANDON_LOG", default_value = "info", value_name = "FILTER")]
    pub(super) log: String,

    /// How a log line looks: `text` for people or `json` for machines
    #[arg(long, env = "ANDON_LOG_FORMAT", default_value = "text", value_name = "FORMAT")]
    pub(super) log_format: String,
}

#[derive(clap::Args)]
#[command(next_help_heading = "Watching")]
#[group(skip)]
pub(super) struct Watching {
    /// Bearer token that reads /metrics and nothing else; the admin token reads it too. Secret, or
    /// ANDON_METRICS_TOKEN_FILE
    #[arg(long, env = "ANDON_METRICS_TOKEN", value_name = "TOKEN")]
    pub(super) metrics_token: Option<String>,

    /// File that holds ANDON_METRICS_TOKEN
    #[arg(long, env = "ANDON_METRICS_TOKEN_FILE", value_name = "FILE", hide = true)]
    pub(super) metrics_token_file: Option<String>,

    /// Address and port of their own for /metrics, where no token is asked, for example 127.0.0.1:9464
    #[arg(long, env = "ANDON_METRICS_BIND", value_name = "ADDRESS:PORT")]
    pub(super) metrics_bind: Option<String>,
}
