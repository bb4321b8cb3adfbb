//! What visitors of a scalar have in common: to some every scalar means the same, and some keep it as it is.

/// The visits of a scalar, for visitors to which every scalar means the same.
macro_rules! every_scalar_is {
    ($result:ty, $value:expr) => {
        fn visit_bool<E>(self, _: bool) -> Result<$result, E> {
            Ok($value)
        }

        fn visit_i64<E>(self, _: i64) -> Result<$result, E> {
            Ok($value)
        }

        fn visit_u64<E>(self, _: u64) -> Result<$result, E> {
            Ok($value)
        }

        fn visit_f64<E>(self, _: f64) -> Result<$result, E> {
            Ok($value)
        }
    };
}

/// The visits of a scalar, for visitors that keep it; `path` says where it stands.
macro_rules! every_scalar_is_itself {
    ($text:ty, $value:ty) => {
        fn visit_unit<E>(self) -> Result<$value, E> {
            Ok(Value::Null)
        }

        fn visit_bool<E>(self, value: bool) -> Result<$value, E> {
            Ok(Value::Bool(value))
        }

        fn visit_i64<E>(self, value: i64) -> Result<$value, E> {
            Ok(Value::Whole(value))
        }

        fn visit_u64<E>(self, value: u64) -> Result<$value, E> {
            Ok(i64::try_from(value).map_or(Value::Misfit, Value::Whole))
        }

        fn visit_f64<E>(self, _: f64) -> Result<$value, E> {
            Ok(Value::Misfit)
        }

        fn visit_borrowed_str<E: serde::de::Error>(self, text: $text) -> Result<$value, E> {
            self.state.check_length(text, self.path())?;
            Ok(Value::Text(Cow::Borrowed(text)))
        }

        fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<$value, E> {
            self.state.check_length(text, self.path())?;
            Ok(Value::Text(Cow::Owned(text.to_owned())))
        }
    };
}
