//! Replays the corpus of the fuzz targets: what once was found stays found.

use std::path::Path;

mod fuzz_bodies;

#[test]
fn every_input_of_the_corpus_passes() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus");
    for (target, body) in fuzz_bodies::BODIES {
        let mut count = 0;
        for entry in std::fs::read_dir(corpus.join(target)).expect("every target has a corpus") {
            let path = entry.expect("the corpus can be listed").path();
            let input = std::fs::read(&path).expect("the input can be read");
            let outcome = std::panic::catch_unwind(|| body(&input));
            assert!(outcome.is_ok(), "{target} breaks on {}", path.display());
            count += 1;
        }
        assert!(count > 0, "the corpus of {target} is empty");
    }
}
