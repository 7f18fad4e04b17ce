//! Durations, sizes and shares as people write them.

use std::time::Duration;

/// A duration: a number of seconds (`1.5`), or a number with `ms`, `s`, `m`, `h` or `d` (`250ms`, `2m`).
///
/// # Errors
/// What was expected.
pub fn duration(text: &str) -> Result<Duration, String> {
    const UNITS: &[(&str, f64)] =
        &[("us", 1e-6), ("ms", 1e-3), ("s", 1.0), ("m", 60.0), ("h", 3600.0), ("d", 86_400.0)];
    let seconds = scaled(text, UNITS)
        .ok_or("expected a duration: seconds, or a number with us, ms, s, m, h or d, such as 250ms or 2m")?;
    Duration::try_from_secs_f64(seconds).map_err(|_| "a duration cannot be negative, or that long".to_owned())
}

/// A duration as people write it: the largest unit that leaves a whole number.
pub fn show_duration(duration: Duration) -> String {
    let millis = duration.as_millis();
    match millis {
        0 if !duration.is_zero() => format!("{}us", duration.as_micros()),
        _ if !millis.is_multiple_of(1000) => format!("{millis}ms"),
        _ => match millis / 1000 {
            0 => "0s".to_owned(),
            seconds if seconds.is_multiple_of(86_400) => format!("{}d", seconds / 86_400),
            seconds if seconds.is_multiple_of(3600) => format!("{}h", seconds / 3600),
            seconds if seconds.is_multiple_of(60) => format!("{}m", seconds / 60),
            seconds => format!("{seconds}s"),
        },
    }
}

/// A size in bytes: a whole number, or a number with `KB`, `MB`, `GB`, `TB` (powers of 1000), `KiB`, `MiB`, `GiB`,
/// `TiB` or `K`, `M`, `G`, `T` (powers of 1024).
///
/// # Errors
/// What was expected.
pub fn bytes(text: &str) -> Result<u64, String> {
    const UNITS: &[(&str, f64)] = &[
        ("kib", 1024.0),
        ("mib", 1_048_576.0),
        ("gib", 1_073_741_824.0),
        ("tib", 1_099_511_627_776.0),
        ("kb", 1e3),
        ("mb", 1e6),
        ("gb", 1e9),
        ("tb", 1e12),
        ("k", 1024.0),
        ("m", 1_048_576.0),
        ("g", 1_073_741_824.0),
        ("t", 1_099_511_627_776.0),
        ("b", 1.0),
    ];
    let size = scaled(text, UNITS).filter(|size| (0.0..1.8e19).contains(size));
    size.map(|size| size as u64)
        .ok_or_else(|| "expected a size: bytes, or a number with a unit such as 512MiB or 2GB".to_owned())
}

/// A size as people write it.
pub fn show_bytes(bytes: u64) -> String {
    const UNITS: [&str; 4] = ["KiB", "MiB", "GiB", "TiB"];
    let mut size = bytes as f64;
    let mut shown = format!("{bytes} B");
    for unit in UNITS {
        size /= 1024.0;
        if size < 1.0 {
            break;
        }
        shown = format!("{size:.1} {unit}");
    }
    shown
}

/// A rate in bits per second: a whole number, or a number with `kbit`, `mbit` or `gbit` (powers of 1000).
///
/// # Errors
/// What was expected.
pub fn bits_per_second(text: &str) -> Result<u64, String> {
    const UNITS: &[(&str, f64)] = &[("kbit", 1e3), ("mbit", 1e6), ("gbit", 1e9), ("bit", 1.0)];
    let rate = scaled(text, UNITS).filter(|rate| (1.0..1e13).contains(rate));
    rate.map(|rate| rate as u64)
        .ok_or_else(|| "expected a rate: bits per second, or a number with kbit, mbit or gbit".to_owned())
}

/// The number in front, times its unit's factor; without a unit, as it is.
fn scaled(text: &str, units: &[(&str, f64)]) -> Option<f64> {
    let text = text.trim().to_ascii_lowercase();
    let digits = text.find(|c: char| !(c.is_ascii_digit() || c == '.')).unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let number: f64 = number.parse().ok()?;
    match unit.trim() {
        "" => Some(number),
        unit => units.iter().find(|(name, _)| *name == unit).map(|(_, factor)| number * factor),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read_and_shown() {
        for (text, millis) in [("1.5", 1500), ("250ms", 250), ("2m", 120_000), ("1h", 3_600_000), ("0", 0)] {
            assert_eq!(duration(text), Ok(Duration::from_millis(millis)), "{text}");
        }
        for text in ["", "s", "-1", "1 week", "1e400", "ms5"] {
            assert!(duration(text).is_err(), "{text}");
        }
        for text in ["250ms", "2m", "90s", "1h", "3d", "0s"] {
            assert_eq!(duration(text).map(show_duration), Ok(text.to_owned()));
        }
    }

    #[test]
    fn sizes_and_rates_have_their_units() {
        assert_eq!(bytes("512MiB"), Ok(512 << 20));
        assert_eq!(bytes("2 GB"), Ok(2_000_000_000));
        assert_eq!(bytes("4k"), Ok(4096));
        assert_eq!(bytes("17"), Ok(17));
        assert!(bytes("17 apples").is_err());
        assert_eq!(bits_per_second("10mbit"), Ok(10_000_000));
        assert!(bits_per_second("0").is_err());
        assert_eq!(show_bytes(1536), "1.5 KiB");
        assert_eq!(show_bytes(12), "12 B");
    }
}
