//! What AWS costs: a cold probe beside the reference, a model that is loaded, many calls at once.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use squall_compat::aws::moto;

use super::Bench;
use super::child::{Cost, Subject};
use super::items::{QUIET, Row, Table, list, millis, shown};
use super::stats::Spread;
use crate::Failure;
use crate::process::about;

/// The regions that many calls go to.
const REGIONS: [&str; 3] = ["us-east-1", "eu-west-3", "ap-southeast-2"];

/// How many calls there are.
const CALLS: usize = 500;

/// How long the server takes for an answer.
const ANSWER_AFTER: Duration = Duration::from_millis(100);

/// The bucket of EC2's reading actions, by account and region: so many at once, and so many a second.
const BUCKET: (f64, f64) = (100.0, 20.0);

/// A cold probe of EC2 instances, in turns with the reference on the same account of moto.
pub fn cold_probe(bench: &Bench, table: &mut Table) -> Result<(), Failure> {
    let found = |error: &dyn std::error::Error| Failure::Found(error.to_string());
    let account = moto::Account::open().map_err(|error| found(&error))?;
    let venv = squall_compat::reference::venv().map_err(|error| found(&error))?;
    let environment = account_environment(account.url(), "us-east-1");
    let squall = bench.squall.with(&environment);
    let reference = Subject::new(&venv.join("bin/chaos"), &bench.folder).with(&environment);
    bench.write("instances.json", &instances())?;
    let words = [QUIET[0], QUIET[1], "run", "instances.json"];
    squall.run(&words)?;
    reference.run(&words)?;
    let mut pairs = Vec::with_capacity(bench.effort.rounds);
    for _ in 0..bench.effort.rounds {
        pairs.push((squall.run(&words)?, reference.run(&words)?));
    }
    for (what, target, figure) in [
        ("CPU time", Some(50.0), (|cost| millis(cost.own_cpu())) as fn(&Cost) -> f64),
        ("wall time", None, |cost| millis(cost.wall)),
    ] {
        let ours = Spread::of(pairs.iter().map(|(ours, _)| figure(ours)));
        let theirs = Spread::of(pairs.iter().map(|(_, theirs)| figure(theirs)));
        let ratio = theirs.median / ours.median;
        table.rows.push(Row {
            item: format!("cold `describe_instances` probe against moto: {what}"),
            squall: shown(ours, "ms"),
            other: shown(theirs, "ms"),
            ratio: format!("1/{ratio:.0}"),
            target: target.map_or_else(String::new, |times| format!("≤ 1/{times:.0}")),
            met: target.map(|times: f64| ratio >= times),
        });
    }
    Ok(())
}

/// The size of the program, and what the largest of its models costs.
pub fn models(bench: &Bench, table: &mut Table) -> Result<(), Failure> {
    /// MB, not MiB.
    const MOST: f64 = 25.0;
    const LOADED_WITHIN: f64 = 20.0;
    let path = bench.squall.program();
    let bytes = fs::metadata(path).map_err(about(path))?.len();
    let size = bytes as f64 / 1e6;
    table.rows.push(Row {
        item: "the program, stripped, with all services of AWS".to_owned(),
        squall: format!("{size:.1} MB"),
        other: String::new(),
        ratio: String::new(),
        target: format!("≤ {MOST:.0} MB"),
        met: Some(size <= MOST),
    });
    let words = ["aws", "ec2", "DescribeInstances"];
    bench.squall.run(&words)?;
    let costs = (0..bench.effort.rounds).map(|_| bench.squall.run(&words)).collect::<Result<Vec<_>, _>>()?;
    let spread = Spread::of(costs.iter().map(|cost| millis(cost.own_cpu())));
    table.rows.push(Row {
        item: "`squall aws ec2 DescribeInstances`: start, load ec2's model, show it; CPU time".to_owned(),
        squall: shown(spread, "ms"),
        other: String::new(),
        ratio: String::new(),
        target: format!("≤ {LOADED_WITHIN:.0} ms"),
        met: Some(spread.median <= LOADED_WITHIN),
    });
    Ok(())
}

/// Many operations in the background over several regions, on a server that takes its time, and refuses
/// what goes beyond EC2's documented limits.
pub fn at_once(bench: &Bench, table: &mut Table) -> Result<(), Failure> {
    let server = SlowServer::start().map_err(about(Path::new("127.0.0.1")))?;
    let squall = bench.squall.with(&account_environment(&server.url, REGIONS[0]));
    bench.write("many.json", &operations(CALLS, &REGIONS))?;
    let cost = squall.run(&[QUIET[0], QUIET[1], "run", "many.json"])?;
    let journal = bench.journal()?;
    let succeeded = list(&journal["run"]).iter().filter(|run| run["status"] == "succeeded").count();
    let counts = server.counts.lock().unwrap_or_else(PoisonError::into_inner);
    let sequential = ANSWER_AFTER.as_secs_f64() * CALLS as f64;
    let wall = cost.wall.as_secs_f64();
    table.rows.push(Row {
        item: format!("{CALLS} `aws` activities in the background over {} regions", REGIONS.len()),
        squall: format!(
            "{succeeded} succeeded in {wall:.1} s, {:.2} s own CPU; at most {} at the same time",
            cost.own_cpu().as_secs_f64(),
            counts.most
        ),
        other: format!("one after the other {sequential:.0} s"),
        ratio: format!("1/{:.0}, {} throttled", sequential / wall, counts.throttled),
        target: "all succeed, none is throttled, ≤ 1/5".to_owned(),
        met: Some(succeeded == CALLS && counts.throttled == 0 && wall * 5.0 <= sequential),
    });
    Ok(())
}

/// What a program needs to reach a stand-in of AWS.
fn account_environment(url: &str, region: &str) -> Vec<(String, String)> {
    [
        ("AWS_ENDPOINT_URL", url),
        ("AWS_REGION", region),
        ("AWS_ACCESS_KEY_ID", "testing"),
        ("AWS_SECRET_ACCESS_KEY", "testing"),
        ("AWS_EC2_METADATA_DISABLED", "true"),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .into()
}

/// Answers each request after a while, with EC2's limits.
struct SlowServer {
    url: String,
    counts: Arc<Mutex<Counts>>,
}

/// What the server saw.
#[derive(Default)]
struct Counts {
    open: usize,
    most: usize,
    throttled: usize,
    buckets: std::collections::HashMap<String, (f64, Instant)>,
}

impl Counts {
    /// Whether a request to `region` is within the limits.
    fn admit(&mut self, region: &str) -> bool {
        let (burst, per_second) = BUCKET;
        let now = Instant::now();
        let (tokens, since) = self.buckets.entry(region.to_owned()).or_insert((burst, now));
        *tokens = (*tokens + now.duration_since(*since).as_secs_f64() * per_second).min(burst);
        *since = now;
        let admitted = *tokens >= 1.0;
        if admitted {
            *tokens -= 1.0;
        } else {
            self.throttled += 1;
        }
        admitted
    }
}

impl SlowServer {
    fn start() -> std::io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let url = format!("http://{}", listener.local_addr()?);
        let counts = Arc::new(Mutex::new(Counts::default()));
        let shared = Arc::clone(&counts);
        // It ends with this program; nothing else knows its port.
        thread::spawn(move || {
            for connection in listener.incoming().flatten() {
                let counts = Arc::clone(&shared);
                thread::spawn(move || serve(&connection, &counts));
            }
        });
        Ok(SlowServer { url, counts })
    }
}

/// Serves one connection until the client closes it.
fn serve(connection: &TcpStream, counts: &Mutex<Counts>) -> Option<()> {
    let mut reader = BufReader::new(connection);
    loop {
        let (mut length, mut region) = (0, String::new());
        let mut line = String::new();
        loop {
            line.clear();
            if reader.read_line(&mut line).ok()? == 0 {
                return None;
            }
            let line = line.trim_end();
            if line.is_empty() {
                break;
            }
            let (name, value) = line.split_once(": ").unwrap_or((line, ""));
            if name.eq_ignore_ascii_case("content-length") {
                length = value.parse().ok()?;
            }
            if name.eq_ignore_ascii_case("authorization") {
                // `AWS4-HMAC-SHA256 Credential=<key>/<day>/<region>/<service>/aws4_request, ...`
                region = value.split('/').nth(2).unwrap_or_default().to_owned();
            }
        }
        reader.read_exact(&mut vec![0; length]).ok()?;
        let admitted = {
            let mut counts = counts.lock().unwrap_or_else(PoisonError::into_inner);
            counts.open += 1;
            counts.most = counts.most.max(counts.open);
            counts.admit(&region)
        };
        thread::sleep(ANSWER_AFTER);
        counts.lock().unwrap_or_else(PoisonError::into_inner).open -= 1;
        let (status, body) = if admitted {
            (
                "200 OK",
                "<DescribeInstancesResponse><requestId>r</requestId><reservationSet/></DescribeInstancesResponse>",
            )
        } else {
            (
                "503 Service Unavailable",
                "<Response><Errors><Error><Code>RequestLimitExceeded</Code><Message>Request limit exceeded.</Message>\
                 </Error></Errors><RequestID>r</RequestID></Response>",
            )
        };
        let mut connection = connection;
        write!(
            connection,
            "HTTP/1.1 {status}\r\ncontent-type: text/xml\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        )
        .ok()?;
    }
}

/// The experiment with one probe of EC2 instances.
fn instances() -> Value {
    json!({
        "version": "1.0.0",
        "title": "Which instances are there?",
        "description": "One probe of AWS.",
        "method": [{
            "type": "probe",
            "name": "instances",
            "provider": {
                "type": "python",
                "module": "chaosaws.ec2.probes",
                "func": "describe_instances",
                "arguments": {"filters": [{"Name": "instance-state-name", "Values": ["running"]}]},
            },
        }],
    })
}

/// An experiment with many operations in the background, in the regions by turns.
fn operations(count: usize, regions: &[&str]) -> Value {
    let activity = |index: usize| {
        json!({
            "type": "probe",
            "name": format!("call {index}"),
            "background": true,
            "provider": {
                "type": "aws",
                "service": "ec2",
                "operation": "DescribeInstances",
                "region": regions[index % regions.len()],
            },
        })
    };
    json!({
        "version": "1.0.0",
        "title": "Many calls at once",
        "description": "Background operations of AWS.",
        "method": (0..count).map(activity).collect::<Vec<_>>(),
    })
}
