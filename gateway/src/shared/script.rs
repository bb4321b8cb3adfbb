//! What is done in Redis in one step: Lua scripts, which a server knows by their SHA-1.

/// A script. Made once, as a `static` in a `LazyLock`.
#[derive(Debug)]
pub struct Script {
    /// What errors call it.
    pub name: &'static str,
    pub(super) text: String,
    pub(super) hash: String,
    /// Whether it is answered only when what it did survives a crash of the server.
    pub(super) is_durable: bool,
}

impl Script {
    /// From its text.
    pub fn new(name: &'static str, text: &str) -> Self {
        let hash = redis::Script::new(text).get_hash().to_owned();
        Self { name, text: text.to_owned(), hash, is_durable: false }
    }

    /// The same, of what has to survive a crash of the server once it was answered (P1), and as many replicas as are configured must
    /// have it.
    pub fn durable(name: &'static str, text: &str) -> Self {
        Self { is_durable: true, ..Self::new(name, text) }
    }
}

/// The keys and arguments of one call. The first key decides on the node, so there is at least one.
#[derive(Debug, Default, Clone)]
pub struct Call {
    pub(super) keys: Vec<String>,
    pub(super) arguments: Vec<Vec<u8>>,
}

impl Call {
    /// On these keys.
    pub fn on(keys: impl IntoIterator<Item = String>) -> Self {
        Self { keys: keys.into_iter().collect(), arguments: Vec::new() }
    }

    /// With one more argument.
    #[must_use]
    pub fn with(mut self, argument: impl redis::ToRedisArgs) -> Self {
        self.push(argument);
        self
    }

    /// Adds an argument.
    pub fn push(&mut self, argument: impl redis::ToRedisArgs) {
        self.arguments.extend(argument.to_redis_args());
    }
}
