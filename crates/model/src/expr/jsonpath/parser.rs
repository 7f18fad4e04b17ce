//! The parser of paths.

use super::lexer::{self, Token};
use super::{Expression, Function, JsonPath, JsonPathError, Nested, Operand, Operator, Step, Subscript};
use crate::value::{Int, Map, Value};

/// How deep parentheses, filters and literals may be nested.
const DEEPEST: usize = 200;

/// How many steps a path may have, nested paths included.
const MOST_STEPS: usize = 400;

/// The longest integer that Python reads.
const MOST_DIGITS: usize = 4300;

/// Beyond this, an index or a bound is outside every list, and how far does not matter.
const FAR: i128 = 1 << 100;

pub(super) fn parse(path: &str) -> Result<JsonPath, JsonPathError> {
    let (tokens, end) = lexer::tokens(path)?;
    let mut parser = Parser { tokens, end, at: 0, steps: 0 };
    parser.expect("$")?;
    let steps = parser.steps(0)?;
    match parser.peek() {
        None => Ok(JsonPath { steps }),
        Some(_) => Err(parser.unexpected("`.`, `..`, `[` or the end of the path")),
    }
}

struct Parser {
    tokens: Vec<(Token, usize)>,
    /// Where the text ends.
    end: usize,
    at: usize,
    /// Steps read so far.
    steps: usize,
}

type Parsed<T> = Result<T, JsonPathError>;

impl Parser {
    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.at).map(|(token, _)| token)
    }

    fn peek_fixed(&self) -> Option<&'static str> {
        match self.peek() {
            Some(Token::Fixed(fixed)) => Some(fixed),
            _ => None,
        }
    }

    fn take(&mut self, fixed: &str) -> bool {
        let there = self.peek_fixed() == Some(fixed);
        self.at += usize::from(there);
        there
    }

    fn expect(&mut self, fixed: &str) -> Parsed<()> {
        if self.take(fixed) { Ok(()) } else { Err(self.unexpected(&format!("`{fixed}`"))) }
    }

    fn unexpected(&self, expected: &str) -> JsonPathError {
        let (found, position) = match self.tokens.get(self.at) {
            None => ("the end".to_owned(), self.end),
            Some((Token::Fixed(text), position)) => (format!("`{text}`"), *position),
            Some((Token::Name(text) | Token::Number(text), position)) => (format!("`{text}`"), *position),
            Some((Token::Text(text), position)) => (format!("`\"{text}\"`"), *position),
        };
        lexer::error(position, &format!("found {found}, expected {expected}"))
    }

    fn check_depth(&self, depth: usize) -> Parsed<()> {
        if depth > DEEPEST {
            return Err(self.unexpected(&format!("no more than {DEEPEST} levels of nesting")));
        }
        Ok(())
    }

    fn steps(&mut self, depth: usize) -> Parsed<Vec<Step>> {
        self.check_depth(depth)?;
        let mut steps = Vec::new();
        loop {
            let recursive = match self.peek_fixed() {
                Some("..") => true,
                Some("." | "[") => false,
                _ => return Ok(steps),
            };
            self.steps += 1;
            if self.steps > MOST_STEPS {
                return Err(self.unexpected(&format!("no more than {MOST_STEPS} steps")));
            }
            let dotted = self.take("..") || self.take(".");
            let subscripts = match self.peek_fixed() {
                Some("[") if recursive || !dotted => self.bracketed(depth)?,
                _ => vec![self.bareword(depth)?],
            };
            steps.push(Step { recursive, subscripts });
        }
    }

    fn bareword(&mut self, depth: usize) -> Parsed<Subscript> {
        if self.take("*") {
            return Ok(Subscript::Wildcard);
        }
        let Some(Token::Name(name)) = self.peek() else { return Err(self.unexpected("a name or `*`")) };
        let name = name.clone();
        self.at += 1;
        if self.peek_fixed() == Some("(") { self.call(&name, depth) } else { Ok(Subscript::Key(name.into())) }
    }

    fn bracketed(&mut self, depth: usize) -> Parsed<Vec<Subscript>> {
        self.expect("[")?;
        let mut subscripts = vec![self.subscript(depth)?];
        while self.take(",") {
            subscripts.push(self.subscript(depth)?);
        }
        self.expect("]")?;
        Ok(subscripts)
    }

    fn subscript(&mut self, depth: usize) -> Parsed<Subscript> {
        match self.peek().cloned() {
            Some(Token::Text(text)) => {
                self.at += 1;
                Ok(Subscript::Key(text.into()))
            }
            Some(Token::Number(_)) => {
                let number = self.integer()?;
                if self.take(":") {
                    self.slice(number)
                } else {
                    Ok(Subscript::Index(number.unwrap_or_default()))
                }
            }
            Some(Token::Name(name)) => {
                self.at += 1;
                self.call(&name, depth)
            }
            Some(Token::Fixed("@" | "$")) => self.nested(depth + 1).map(Subscript::Indirect),
            _ if self.take(":") => self.slice(None),
            _ if self.take("*") => Ok(Subscript::Wildcard),
            _ if self.take("?") => {
                self.expect("(")?;
                let expression = self.all(depth + 1)?;
                self.expect(")")?;
                Ok(Subscript::Filter(expression))
            }
            _ => Err(self.unexpected(
                "a text in double quotes, an integer, a slice, `*`, a filter `?(...)`, a path or a function",
            )),
        }
    }

    /// The rest of a slice, after its first colon.
    fn slice(&mut self, start: Option<i128>) -> Parsed<Subscript> {
        let end = self.integer()?;
        let step = if self.take(":") { self.integer()? } else { None };
        Ok(Subscript::Slice { start, end, step })
    }

    /// The integer that comes next, if a number does.
    fn integer(&mut self) -> Parsed<Option<i128>> {
        let Some(Token::Number(text)) = self.peek() else { return Ok(None) };
        if text.contains(['.', 'e', 'E']) || digits(text) > MOST_DIGITS {
            return Err(self.unexpected("an integer"));
        }
        let far = if text.starts_with('-') { -FAR } else { FAR };
        let number = text.parse::<i128>().unwrap_or(far).clamp(-FAR, FAR);
        self.at += 1;
        Ok(Some(number))
    }

    /// A call, after the function's name.
    fn call(&mut self, name: &str, depth: usize) -> Parsed<Subscript> {
        let start = self.tokens.get(self.at - 1).map_or(self.end, |(_, position)| *position);
        self.expect("(")?;
        let mut arguments = Vec::new();
        if !self.take(")") {
            arguments.push(self.operand(depth + 1)?);
            while self.take(",") {
                arguments.push(self.operand(depth + 1)?);
            }
            self.expect(")")?;
        }
        let function = match name {
            "charAt" => Function::CharAt,
            "entries" => Function::Entries,
            "keys" => Function::Keys,
            "length" => Function::Length,
            "substring" => Function::Substring,
            "values" => Function::Values,
            _ => {
                let known = "`charAt`, `entries`, `keys`, `length`, `substring` or `values`";
                return Err(lexer::error(start, &format!("found the function `{name}`, expected {known}")));
            }
        };
        Ok(Subscript::Call(function, arguments))
    }

    fn nested(&mut self, depth: usize) -> Parsed<Nested> {
        let root = self.take("$");
        if !root {
            self.expect("@")?;
        }
        Ok(Nested { root, steps: self.steps(depth)? })
    }

    fn operand(&mut self, depth: usize) -> Parsed<Operand> {
        match self.peek_fixed() {
            Some("@" | "$") => self.nested(depth).map(Operand::Path),
            _ => self.literal(depth).map(Operand::Literal),
        }
    }

    fn all(&mut self, depth: usize) -> Parsed<Expression> {
        self.check_depth(depth)?;
        let mut operands = vec![self.any(depth)?];
        while self.take("and") {
            operands.push(self.any(depth)?);
        }
        Ok(if operands.len() == 1 { operands.remove(0) } else { Expression::All(operands) })
    }

    fn any(&mut self, depth: usize) -> Parsed<Expression> {
        let mut operands = vec![self.not(depth)?];
        while self.take("or") {
            operands.push(self.not(depth)?);
        }
        Ok(if operands.len() == 1 { operands.remove(0) } else { Expression::Any(operands) })
    }

    fn not(&mut self, depth: usize) -> Parsed<Expression> {
        let mut negated = false;
        while self.take("not") {
            negated = !negated;
        }
        let expression = if self.take("(") {
            let inner = self.all(depth + 1)?;
            self.expect(")")?;
            inner
        } else {
            self.comparison(depth)?
        };
        Ok(if negated { Expression::Not(Box::new(expression)) } else { expression })
    }

    fn comparison(&mut self, depth: usize) -> Parsed<Expression> {
        let left = self.operand(depth + 1)?;
        let operator = match self.peek_fixed() {
            Some("=") => Operator::Equal,
            Some("!=") => Operator::NotEqual,
            Some("<") => Operator::Less,
            Some("<=") => Operator::LessOrEqual,
            Some(">") => Operator::Greater,
            Some(">=") => Operator::GreaterOrEqual,
            _ => return Ok(Expression::Some(left)),
        };
        self.at += 1;
        let right = self.operand(depth + 1)?;
        Ok(Expression::Compare { operator, left, right })
    }

    /// A JSON value; the escapes in its texts stay as they are.
    fn literal(&mut self, depth: usize) -> Parsed<Value> {
        self.check_depth(depth)?;
        let value = match self.peek() {
            Some(Token::Text(text)) => Value::from(text.as_str()),
            Some(Token::Number(text)) => self.number(text)?,
            Some(Token::Fixed("true")) => Value::Bool(true),
            Some(Token::Fixed("false")) => Value::Bool(false),
            Some(Token::Fixed("null")) => Value::Null,
            Some(Token::Fixed("[")) => return self.array(depth),
            Some(Token::Fixed("{")) => return self.object(depth),
            _ => return Err(self.unexpected("a path or a JSON value")),
        };
        self.at += 1;
        Ok(value)
    }

    fn number(&self, text: &str) -> Parsed<Value> {
        if text.contains(['.', 'e', 'E']) {
            return Ok(Value::Float(text.parse().unwrap_or(f64::NAN)));
        }
        if digits(text) > MOST_DIGITS {
            return Err(self.unexpected(&format!("an integer of no more than {MOST_DIGITS} digits")));
        }
        text.parse::<Int>().map(Value::Int).map_err(|_| self.unexpected("a number"))
    }

    fn array(&mut self, depth: usize) -> Parsed<Value> {
        self.expect("[")?;
        let mut items = Vec::new();
        if !self.take("]") {
            items.push(self.literal(depth + 1)?);
            while self.take(",") {
                items.push(self.literal(depth + 1)?);
            }
            self.expect("]")?;
        }
        Ok(Value::list(items))
    }

    fn object(&mut self, depth: usize) -> Parsed<Value> {
        self.expect("{")?;
        let map = Map::new();
        if !self.take("}") {
            loop {
                let Some(Token::Text(key)) = self.peek() else {
                    return Err(self.unexpected("a key in double quotes"));
                };
                let key = key.clone();
                self.at += 1;
                self.expect(":")?;
                map.insert(key, self.literal(depth + 1)?);
                if !self.take(",") {
                    break;
                }
            }
            self.expect("}")?;
        }
        Ok(Value::Map(map))
    }
}

fn digits(number: &str) -> usize {
    number.trim_start_matches('-').len()
}
