//! Integers of any size, small ones without allocation.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::str::FromStr;
use std::sync::Arc;

use num_bigint::BigInt;

/// An integer of any size. Equal numbers have one representation: what fits in 64 bits is small.
#[derive(Clone)]
pub enum Int {
    /// Fits in 64 bits.
    Small(i64),
    /// Does not.
    Big(Arc<BigInt>),
}

impl Int {
    /// Whether this is zero.
    pub fn is_zero(&self) -> bool {
        matches!(self, Int::Small(0))
    }

    /// The number, when it fits.
    pub fn to_i64(&self) -> Option<i64> {
        match self {
            Int::Small(int) => Some(*int),
            Int::Big(_) => None,
        }
    }

    /// The nearest binary64 number; infinite where it is out of range.
    pub fn to_f64(&self) -> f64 {
        match self {
            Int::Small(int) => *int as f64,
            Int::Big(int) => int.to_string().parse().unwrap_or(f64::NAN),
        }
    }

    /// The number as an arbitrary-precision one.
    pub fn to_big(&self) -> BigInt {
        match self {
            Int::Small(int) => BigInt::from(*int),
            Int::Big(int) => BigInt::clone(int),
        }
    }
}

impl From<i64> for Int {
    fn from(int: i64) -> Self {
        Int::Small(int)
    }
}

impl From<BigInt> for Int {
    fn from(int: BigInt) -> Self {
        match i64::try_from(&int) {
            Ok(small) => Int::Small(small),
            Err(_) => Int::Big(Arc::new(int)),
        }
    }
}

impl FromStr for Int {
    type Err = num_bigint::ParseBigIntError;

    /// Reads an optional sign and decimal digits.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.parse::<i64>() {
            Ok(small) => Ok(Int::Small(small)),
            Err(_) => BigInt::from_str(text).map(Int::from),
        }
    }
}

impl PartialEq for Int {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Int {}

impl PartialOrd for Int {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Int {
    fn cmp(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Int::Small(a), Int::Small(b)) => a.cmp(b),
            _ => self.to_big().cmp(&other.to_big()),
        }
    }
}

impl Hash for Int {
    fn hash<H: Hasher>(&self, state: &mut H) {
        match self {
            Int::Small(int) => int.hash(state),
            Int::Big(int) => int.hash(state),
        }
    }
}

impl fmt::Display for Int {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Int::Small(int) => int.fmt(f),
            Int::Big(int) => int.fmt(f),
        }
    }
}

impl fmt::Debug for Int {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
