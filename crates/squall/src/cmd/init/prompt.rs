//! Questions on a terminal, or on any pair of streams: asked again until the answer has a meaning.

use std::io::{self, BufRead, Write};

/// The dialogue cannot go on.
#[derive(Debug, thiserror::Error)]
pub enum PromptError {
    /// There are no more answers.
    #[error("Aborted!")]
    Aborted,
    /// The answers cannot be read, or the questions not be written.
    #[error("the dialogue broke off: {0}")]
    Io(#[from] io::Error),
}

/// How a text looks where there are colours.
#[derive(Clone, Copy, Debug)]
pub enum Look {
    /// An explanation.
    Blue,
    /// A question for a text.
    Green,
    /// A question for an argument.
    Yellow,
    /// A question to be answered with yes or no.
    Dim,
}

/// Asks on one stream and reads the answers from another.
pub struct Prompter<R, W> {
    answers: R,
    questions: W,
    colours: bool,
}

impl<R: BufRead, W: Write> Prompter<R, W> {
    /// One that asks on `questions`, in colours if `colours`, and reads lines from `answers`.
    pub fn new(answers: R, questions: W, colours: bool) -> Self {
        Prompter { answers, questions, colours }
    }

    /// Tells something, on a line of its own.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn tell(&mut self, text: &str, look: Option<Look>) -> Result<(), PromptError> {
        let text = self.painted(text, look);
        Ok(writeln!(self.questions, "{text}")?)
    }

    /// Asks until `read` finds a meaning in the answer. An empty answer means `default`, and is no
    /// answer where there is none. `read` gives the text of its complaint otherwise.
    ///
    /// # Errors
    /// When the answers end, or a stream fails.
    pub fn ask<T>(
        &mut self,
        question: &str,
        look: Look,
        default: Option<(&str, T)>,
        read: impl Fn(&str) -> Result<T, String>,
    ) -> Result<T, PromptError> {
        let mut asked = self.painted(question, Some(look));
        if let Some((shown, _)) = &default {
            asked += &format!(" [{shown}]");
        }
        let mut default = default.map(|(_, value)| value);
        loop {
            let answer = self.answer(&asked)?;
            if answer.is_empty() {
                match default.take() {
                    Some(value) => return Ok(value),
                    None => continue,
                }
            }
            match read(&answer) {
                Ok(value) => return Ok(value),
                Err(complaint) => self.tell(&format!("Error: {complaint}"), None)?,
            }
        }
    }

    /// Asks for a text that is not empty.
    ///
    /// # Errors
    /// When the answers end, or a stream fails.
    pub fn ask_text(&mut self, question: &str) -> Result<String, PromptError> {
        self.ask(question, Look::Green, None, |answer| Ok(answer.to_owned()))
    }

    /// Asks for yes or no; no answer means no.
    ///
    /// # Errors
    /// When the answers end, or a stream fails.
    pub fn confirm(&mut self, question: &str) -> Result<bool, PromptError> {
        let asked = self.painted(question, Some(Look::Dim)) + " [y/N]";
        loop {
            match self.answer(&asked)?.trim().to_lowercase().as_str() {
                "y" | "yes" => return Ok(true),
                "" | "n" | "no" => return Ok(false),
                _ => self.tell("Error: invalid input", None)?,
            }
        }
    }

    /// One line of the answers, without its end.
    fn answer(&mut self, question: &str) -> Result<String, PromptError> {
        write!(self.questions, "{question}: ")?;
        self.questions.flush()?;
        let mut line = Vec::new();
        if self.answers.read_until(b'\n', &mut line)? == 0 {
            return Err(PromptError::Aborted);
        }
        let line = String::from_utf8_lossy(&line);
        Ok(line.strip_suffix('\n').unwrap_or(&line).to_owned())
    }

    fn painted(&self, text: &str, look: Option<Look>) -> String {
        let code = match look {
            Some(_) if !self.colours => return text.to_owned(),
            None => return text.to_owned(),
            Some(Look::Blue) => 34,
            Some(Look::Green) => 32,
            Some(Look::Yellow) => 33,
            Some(Look::Dim) => 2,
        };
        format!("\u{1b}[{code}m{text}\u{1b}[0m")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dialogue<T>(
        answers: &str,
        ask: impl FnOnce(&mut Prompter<&[u8], &mut Vec<u8>>) -> Result<T, PromptError>,
    ) -> (Result<T, PromptError>, String) {
        let mut questions = Vec::new();
        let outcome = ask(&mut Prompter::new(answers.as_bytes(), &mut questions, false));
        (outcome, String::from_utf8(questions).unwrap())
    }

    #[test]
    fn asks_until_there_is_an_answer() {
        let number = |answer: &str| answer.parse::<i32>().map_err(|_| format!("'{answer}' is no number"));
        let (answer, asked) = dialogue("\nx\n 7\n7\n", |p| p.ask("How many", Look::Green, None, number));
        assert_eq!(answer.unwrap(), 7);
        let again = "How many: Error: 'x' is no number\nHow many: Error: ' 7' is no number\nHow many: ";
        assert_eq!(asked, format!("How many: {again}"));
    }

    #[test]
    fn an_empty_answer_means_the_default() {
        let (answer, asked) = dialogue("\n", |p| {
            p.ask("Which", Look::Yellow, Some(("[1]", "default".to_owned())), |answer| Ok(answer.to_owned()))
        });
        assert_eq!((answer.unwrap().as_str(), asked.as_str()), ("default", "Which [[1]]: "));
    }

    #[test]
    fn confirms_only_what_was_said() {
        for (answers, expected) in [("y\n", true), (" YES \n", true), ("\n", false), ("maybe\nNo", false)] {
            assert_eq!(dialogue(answers, |p| p.confirm("Sure?")).0.unwrap(), expected, "{answers:?}");
        }
        assert_eq!(
            dialogue("maybe\nn\n", |p| p.confirm("Sure?")).1,
            "Sure? [y/N]: Error: invalid input\nSure? [y/N]: "
        );
    }

    #[test]
    fn the_end_of_the_answers_ends_the_dialogue() {
        assert!(matches!(dialogue("", |p| p.ask_text("Title")).0, Err(PromptError::Aborted)));
        assert!(matches!(dialogue("\n", |p| p.ask_text("Title")).0, Err(PromptError::Aborted)));
    }

    #[test]
    fn colours_are_reset() {
        let mut out = Vec::new();
        Prompter::new(&b""[..], &mut out, true).tell("hello", Some(Look::Blue)).unwrap();
        assert_eq!(out, b"\x1b[34mhello\x1b[0m\n");
    }
}
