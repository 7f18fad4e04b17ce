//! How fast requests may go out: AWS counts them by service, region and account, and so do we, for
//! all activities of a run together.

use std::collections::HashMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio::time::Instant;

use crate::client::{Limiter, Permit};

/// The limits that users set; what is left out is [`Rate::of`]'s.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Limits {
    /// Requests a second to one service in one region of one account; more than 0.
    pub requests_per_second: Option<f64>,
    /// How many requests may go out at once after a pause; at least 1.
    pub burst: Option<f64>,
    /// How many requests of a run may wait for their answers at the same time; at least 1.
    pub concurrency: Option<usize>,
}

/// Requests at the same time, where nothing else is said. botocore keeps ten connections a client.
const CONCURRENCY: usize = 128;

/// Until throttled requests halve the rate again: what is under way says nothing about the new one.
const SETTLING: Duration = Duration::from_secs(1);

/// The slowest rate, in requests a second.
const SLOWEST: f64 = 0.5;

/// How fast requests go to a service.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rate {
    /// Requests a second, in the long run.
    pub per_second: f64,
    /// How many may go out at once.
    pub burst: f64,
}

impl Rate {
    /// What AWS documents for a service's control plane, for an account in a region. Where it only says
    /// that there are limits: ten a second, which the SDKs' default of retries copes with.
    ///
    /// * ec2: the bucket of reading actions, 100 and 20 a second (EC2 developer guide, "Request
    ///   throttling"); actions that change something have 50 and 5, which retries find out.
    /// * elbv2, elb: 40 and 10 a second for reading actions (Elastic Load Balancing, "Request throttling").
    /// * route53: five a second for an account (Route 53, "Quotas").
    /// * lambda: 15 a second for the control plane (Lambda, "Quotas").
    /// * cloudwatch: 50 a second for reading metrics (CloudWatch, "Service quotas").
    /// * s3, dynamodb, sqs, sns, kinesis: data planes that take thousands.
    pub fn of(service: &str) -> Self {
        let (per_second, burst) = match service {
            "ec2" => (20.0, 100.0),
            "elb" | "elbv2" => (10.0, 40.0),
            "route53" => (5.0, 5.0),
            "lambda" => (15.0, 30.0),
            "cloudwatch" => (50.0, 50.0),
            "s3" | "dynamodb" | "sqs" | "sns" | "kinesis" => (1000.0, 1000.0),
            _ => (10.0, 50.0),
        };
        // A tenth stays free: clocks differ, and requests do not arrive as evenly as they are sent.
        Rate { per_second: per_second * 0.9, burst: burst * 0.9 }
    }
}

/// All buckets of a run.
#[derive(Debug)]
pub(super) struct Buckets {
    limits: Limits,
    concurrent: Arc<Semaphore>,
    buckets: Mutex<HashMap<String, Arc<Bucket>>>,
}

impl Buckets {
    pub(super) fn new(limits: Limits) -> Self {
        let concurrent = Arc::new(Semaphore::new(limits.concurrency.unwrap_or(CONCURRENCY).max(1)));
        Buckets { limits, concurrent, buckets: Mutex::default() }
    }

    /// The bucket of a service, in a region, for an account.
    pub(super) fn bucket(&self, service: &str, region: &str, account: &str) -> Arc<Bucket> {
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        let bucket = buckets.entry(format!("{service}/{region}/{account}")).or_insert_with(|| {
            let usual = Rate::of(service);
            let per_second = self.limits.requests_per_second.unwrap_or(usual.per_second).max(SLOWEST);
            // Who sets a rate alone does not want the usual burst on top of it.
            let burst = self.limits.burst.unwrap_or(match self.limits.requests_per_second {
                Some(rate) => rate,
                None => usual.burst,
            });
            Arc::new(Bucket::new(Rate { per_second, burst: burst.max(1.0) }, Arc::clone(&self.concurrent)))
        });
        Arc::clone(bucket)
    }
}

/// Tokens, of which each request takes one.
#[derive(Debug)]
pub(super) struct Bucket {
    most: Rate,
    concurrent: Arc<Semaphore>,
    /// Held by the one who waits for the next token: first come, first served.
    queue: tokio::sync::Mutex<()>,
    level: Mutex<Level>,
}

#[derive(Debug)]
struct Level {
    tokens: f64,
    /// Tokens a second, now.
    rate: f64,
    at: Instant,
    slowed: Option<Instant>,
}

impl Bucket {
    fn new(most: Rate, concurrent: Arc<Semaphore>) -> Self {
        let level = Level { tokens: most.burst, rate: most.per_second, at: Instant::now(), slowed: None };
        Bucket { most, concurrent, queue: tokio::sync::Mutex::default(), level: Mutex::new(level) }
    }

    /// Takes a token, or tells how long it takes until there is one.
    fn take(&self) -> Result<(), Duration> {
        let mut level = self.level.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        let gained = now.duration_since(level.at).as_secs_f64() * level.rate;
        level.tokens = (level.tokens + gained).min(self.most.burst);
        level.at = now;
        if level.tokens >= 1.0 {
            level.tokens -= 1.0;
            return Ok(());
        }
        Err(Duration::from_secs_f64((1.0 - level.tokens) / level.rate).max(Duration::from_millis(1)))
    }

    async fn wait(&self) -> Permit {
        {
            let _turn = self.queue.lock().await;
            while let Err(pause) = self.take() {
                tokio::time::sleep(pause).await;
            }
        }
        match Arc::clone(&self.concurrent).acquire_owned().await {
            Ok(permit) => Box::new(permit),
            // It is never closed.
            Err(_) => Box::new(()),
        }
    }
}

impl Limiter for Bucket {
    fn admit(&self) -> Pin<Box<dyn Future<Output = Permit> + Send + '_>> {
        Box::pin(self.wait())
    }

    /// Halves the rate when requests come too fast, and finds back to the full one by steps.
    fn answered(&self, throttled: bool) {
        let mut level = self.level.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        if !throttled {
            level.rate = (level.rate + self.most.per_second / 50.0).min(self.most.per_second);
        } else if level.slowed.is_none_or(|slowed| now.duration_since(slowed) >= SETTLING) {
            level.rate = (level.rate / 2.0).max(SLOWEST);
            level.tokens = level.tokens.min(0.0);
            level.at = now;
            level.slowed = Some(now);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use tokio::time::Instant;

    use super::{Buckets, Limits};
    use crate::client::Limiter;

    fn limits(requests_per_second: f64, burst: f64, concurrency: usize) -> Buckets {
        Buckets::new(Limits {
            requests_per_second: Some(requests_per_second),
            burst: Some(burst),
            concurrency: Some(concurrency),
        })
    }

    #[tokio::test(start_paused = true)]
    async fn requests_go_out_in_a_burst_and_then_at_the_rate() {
        let bucket = limits(10.0, 5.0, 100).bucket("ec2", "eu-west-3", "a");
        let start = Instant::now();
        for _ in 0..5 {
            drop(bucket.admit().await);
        }
        assert_eq!(start.elapsed(), Duration::ZERO);
        for _ in 0..20 {
            drop(bucket.admit().await);
        }
        let took = start.elapsed().as_secs_f64();
        assert!((1.9..2.2).contains(&took), "{took}");
    }

    #[tokio::test(start_paused = true)]
    async fn each_service_region_and_account_has_its_own() {
        let buckets = limits(1.0, 1.0, 100);
        let start = Instant::now();
        for (service, region, account) in
            [("ec2", "a", "x"), ("ecs", "a", "x"), ("ec2", "b", "x"), ("ec2", "a", "y")]
        {
            drop(buckets.bucket(service, region, account).admit().await);
        }
        assert_eq!(start.elapsed(), Duration::ZERO);
        drop(buckets.bucket("ec2", "a", "x").admit().await);
        assert!(start.elapsed() >= Duration::from_millis(999), "the same bucket is met again");
    }

    #[tokio::test(start_paused = true)]
    async fn throttles_halve_the_rate_and_success_restores_it() {
        let bucket = limits(10.0, 10.0, 100).bucket("ec2", "a", "x");
        let ten = async || {
            let start = Instant::now();
            for _ in 0..10 {
                drop(bucket.admit().await);
            }
            start.elapsed().as_secs_f64()
        };
        bucket.answered(true);
        // Others that were under way are no news.
        bucket.answered(true);
        let slow = ten().await;
        assert!((1.9..2.2).contains(&slow), "{slow}");
        for _ in 0..100 {
            bucket.answered(false);
        }
        let restored = ten().await;
        assert!((0.9..1.1).contains(&restored), "{restored}");
    }

    #[tokio::test(start_paused = true)]
    async fn only_so_many_wait_for_answers() {
        let buckets = limits(100.0, 100.0, 2);
        let (one, two) = (buckets.bucket("ec2", "a", "x"), buckets.bucket("ecs", "a", "x"));
        let first = one.admit().await;
        let _second = two.admit().await;
        let third = tokio::time::timeout(Duration::from_secs(5), one.admit()).await;
        assert!(third.is_err(), "two are under way");
        drop(first);
        drop(one.admit().await);
    }

    #[tokio::test(start_paused = true)]
    async fn who_gives_up_waiting_takes_nothing() {
        let bucket = limits(1.0, 1.0, 100).bucket("ec2", "a", "x");
        drop(bucket.admit().await);
        let waiting: Arc<dyn Limiter> = bucket.clone();
        let given_up = tokio::time::timeout(Duration::from_millis(300), waiting.admit()).await;
        assert!(given_up.is_err());
        let start = Instant::now();
        drop(bucket.admit().await);
        assert!(start.elapsed() <= Duration::from_millis(710), "{:?}", start.elapsed());
    }
}
