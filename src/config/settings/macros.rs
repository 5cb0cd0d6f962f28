//! How a row of the table is written.

/// Ties a name to a field of [`Config`] and to the kind of value it takes.
macro_rules! setting {
    ($name:literal, $($field:ident).+, $kind:expr, $help:literal) => {
        setting!(@ false, $name, $($field).+, $kind, $help)
    };
    (@ $is_secret:literal, $name:literal, $($field:ident).+, $kind:expr, $help:literal) => {
        $crate::config::Setting {
            name: $name,
            help: $help,
            is_secret: $is_secret,
            expects: || $kind.expects(),
            show: |config| $kind.show(&config.$($field).+),
            show_toml: |config| $kind.show_toml(&config.$($field).+),
            read: |config, text| {
                config.$($field).+ = $kind.read(text)?;
                Some(())
            },
        }
    };
}

/// A setting that is a secret, or has one in it.
macro_rules! secret {
    ($($row:tt)+) => {
        setting!(@ true, $($row)+)
    };
}

pub(super) use {secret, setting};
