//! Figures of repeated measurements.

/// The middle and the extremes of some figures.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Spread {
    /// Half of the figures are below.
    pub median: f64,
    /// The least.
    pub min: f64,
    /// The greatest.
    pub max: f64,
}

impl Spread {
    /// Of figures in any order; zeros if there are none.
    pub fn of(figures: impl IntoIterator<Item = f64>) -> Self {
        let mut figures: Vec<f64> = figures.into_iter().collect();
        figures.sort_by(f64::total_cmp);
        let (Some(&min), Some(&max)) = (figures.first(), figures.last()) else {
            return Spread { median: 0.0, min: 0.0, max: 0.0 };
        };
        let upper = figures[figures.len() / 2];
        let lower = figures[(figures.len() - 1) / 2];
        Spread { median: f64::midpoint(lower, upper), min, max }
    }
}

/// The figure that a part of all (0 to 1) is not above.
pub fn percentile(figures: &[f64], part: f64) -> f64 {
    let mut figures = figures.to_vec();
    figures.sort_by(f64::total_cmp);
    let count = figures.len();
    // Both conversions are exact enough for any number of figures that fits into memory.
    let rank = (part * count as f64).ceil() as usize;
    figures.get(rank.clamp(1, count.max(1)) - 1).copied().unwrap_or(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_the_middle() {
        assert_eq!(Spread::of([3.0, 1.0, 2.0]), Spread { median: 2.0, min: 1.0, max: 3.0 });
        assert_eq!(Spread::of([4.0, 1.0, 2.0, 3.0]).median, 2.5);
        assert_eq!(Spread::of([]).max, 0.0);
    }

    #[test]
    fn a_percentile_is_a_figure_of_the_set() {
        let figures: Vec<f64> = (1..=200).map(f64::from).collect();
        assert_eq!(percentile(&figures, 0.99), 198.0);
        assert_eq!(percentile(&figures, 1.0), 200.0);
        assert_eq!(percentile(&[7.0], 0.5), 7.0);
        assert_eq!(percentile(&[], 0.5), 0.0);
    }
}
