//! The names of all keys in Redis.
//!
//! What stands in braces decides on the node of a cluster that has a key: everything of one dataset lies together, so that one script
//! can change it in one step, and datasets spread over the nodes.

/// Names keys.
#[derive(Debug, Clone)]
pub struct Keys {
    prefix: String,
}

impl Keys {
    /// With the configured prefix.
    pub fn new(prefix: &str) -> Self {
        Self { prefix: prefix.to_owned() }
    }

    /// A key that all gateways share, whatever the dataset.
    pub fn common(&self, name: &str) -> String {
        format!("{{{}}}:{name}", self.prefix)
    }

    /// A key of one dataset.
    pub fn of_dataset(&self, dataset: &str, name: &str) -> String {
        format!("{{{}:{dataset}}}:{name}", self.prefix)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_of_a_dataset_share_what_decides_on_their_node() {
        let keys = Keys::new("portcullis");
        assert_eq!(keys.of_dataset("123", "queue"), "{portcullis:123}:queue");
        assert_eq!(keys.common("gateways"), "{portcullis}:gateways");
    }
}
