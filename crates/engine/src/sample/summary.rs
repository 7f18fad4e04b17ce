//! What samples come to.

use std::time::Duration;

use squall_model::Value;

/// One sample.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sample {
    /// When it was due, since the start of the sampling.
    pub at: Duration,
    /// How long the probe took.
    pub latency: Duration,
    /// Whether it was ok.
    pub ok: bool,
}

impl Sample {
    /// The sample as an event tells it, in seconds.
    pub fn to_value(&self) -> Value {
        Value::map([
            ("sampled_at_s", Value::Float(self.at.as_secs_f64())),
            ("latency_s", Value::Float(self.latency.as_secs_f64())),
            ("ok", Value::Bool(self.ok)),
        ])
    }
}

/// What all samples come to. A time without service begins when the first sample that was not ok was due, and ends when
/// the next one that was ok was due; at the end of the sampling, where there was none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    every: Duration,
    length: Duration,
    samples: Vec<Sample>,
    missed: Vec<Duration>,
}

impl Summary {
    /// The names of the measures.
    pub const NAMES: [&'static str; 10] = [
        "count",
        "ok",
        "ok_ratio",
        "longest_outage_s",
        "first_failure_after_s",
        "recovered_after_s",
        "p50",
        "p90",
        "p99",
        "missed",
    ];

    /// Nothing sampled yet, at this period.
    pub fn new(every: Duration) -> Self {
        Summary { every, ..Summary::default() }
    }

    /// Takes a sample in. They may come in any order.
    pub fn add(&mut self, sample: Sample) {
        let place = self.samples.partition_point(|known| known.at <= sample.at);
        self.samples.insert(place, sample);
    }

    /// Notes that the sample that was due then could not be taken.
    pub fn miss(&mut self, at: Duration) {
        self.missed.push(at);
    }

    /// Notes how long it was sampled.
    pub fn end(&mut self, length: Duration) {
        self.length = length;
    }

    /// Whether one was not ok.
    pub fn has_failed(&self) -> bool {
        self.samples.iter().any(|sample| !sample.ok)
    }

    /// Whether one was not ok, and the latest is.
    pub fn has_recovered(&self) -> bool {
        self.has_failed() && self.samples.last().is_some_and(|sample| sample.ok)
    }

    /// From when to when there was no service, in order.
    pub fn outages(&self) -> Vec<(Duration, Duration)> {
        let mut outages = Vec::new();
        let mut since = None;
        for sample in &self.samples {
            match (sample.ok, since) {
                (false, None) => since = Some(sample.at),
                (true, Some(start)) => {
                    outages.push((start, sample.at));
                    since = None;
                }
                _ => {}
            }
        }
        let end = self.length.max(self.samples.last().map_or(Duration::ZERO, |last| last.at + self.every));
        outages.extend(since.map(|start| (start, end)));
        outages
    }

    /// The measures, as the activity's output. Times are in seconds; null where there is nothing to tell.
    pub fn to_value(&self) -> Value {
        let number = |count: usize| Value::from(i64::try_from(count).unwrap_or(i64::MAX));
        let seconds = |time: Duration| Value::Float(time.as_secs_f64());
        let ok = self.samples.iter().filter(|sample| sample.ok).count();
        let outages = self.outages();
        let longest = outages.iter().map(|(from, to)| to.saturating_sub(*from)).max().unwrap_or_default();
        // What was recovered from is the last outage, and only if it came to an end.
        let recovered = outages.last().filter(|_| self.has_recovered()).map(|(_, end)| seconds(*end));
        let mut latencies: Vec<Duration> = self.samples.iter().map(|sample| sample.latency).collect();
        latencies.sort_unstable();
        let percentile = |percent: usize| {
            // the nearest rank: the smallest value that at least so many percent do not exceed
            let rank = (latencies.len() * percent).div_ceil(100).max(1);
            latencies.get(rank - 1).map_or(Value::Null, |latency| seconds(*latency))
        };
        let ratio = if self.samples.is_empty() {
            Value::Null
        } else {
            Value::Float(ok as f64 / self.samples.len() as f64)
        };
        Value::map(Self::NAMES.into_iter().zip([
            number(self.samples.len()),
            number(ok),
            ratio,
            seconds(longest),
            outages.first().map_or(Value::Null, |(from, _)| seconds(*from)),
            recovered.unwrap_or(Value::Null),
            percentile(50),
            percentile(90),
            percentile(99),
            number(self.missed.len()),
        ]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn summary(oks: &str) -> Summary {
        let mut summary = Summary::new(Duration::from_millis(100));
        // in reverse: they may come in any order
        for (index, letter) in oks.char_indices().rev() {
            let at = Duration::from_millis(100) * u32::try_from(index).unwrap();
            let latency = Duration::from_millis(u64::try_from(index).unwrap() + 1);
            match letter {
                '+' => summary.add(Sample { at, latency, ok: true }),
                '-' => summary.add(Sample { at, latency, ok: false }),
                _ => summary.miss(at),
            }
        }
        summary.end(Duration::from_millis(100) * u32::try_from(oks.len()).unwrap());
        summary
    }

    fn measure(oks: &str, name: &str) -> Value {
        summary(oks).to_value().get(name).unwrap()
    }

    #[test]
    fn outages_begin_and_end_when_samples_were_due() {
        assert_eq!(measure("++--+-+++", "longest_outage_s"), Value::Float(0.2));
        assert_eq!(measure("++--+-+++", "first_failure_after_s"), Value::Float(0.2));
        assert_eq!(measure("++--+-+++", "recovered_after_s"), Value::Float(0.6));
        assert_eq!(measure("++++", "longest_outage_s"), Value::Float(0.0));
        assert_eq!(measure("++++", "first_failure_after_s"), Value::Null);
        assert_eq!(measure("+---", "longest_outage_s"), Value::Float(0.3));
        assert_eq!(measure("+---", "recovered_after_s"), Value::Null);
        // a sample that is missing ends no outage
        assert_eq!(measure("+-.-+", "longest_outage_s"), Value::Float(0.3));
        assert_eq!(measure("+-.-+", "missed"), Value::from(1_i64));
    }

    #[test]
    fn shares_and_percentiles_are_of_what_was_taken() {
        assert_eq!(measure("+-+.-", "ok_ratio"), Value::Float(0.5));
        assert_eq!(measure("+-+.-", "count"), Value::from(4_i64));
        let hundred = "+".repeat(100);
        assert_eq!(measure(&hundred, "p50"), Value::Float(0.05));
        assert_eq!(measure(&hundred, "p99"), Value::Float(0.099));
        assert_eq!(measure("", "p50"), Value::Null);
        assert_eq!(measure("", "ok_ratio"), Value::Null);
    }
}
