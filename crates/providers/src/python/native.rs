//! Functions of Python's standard library that experiments often use, answered without Python.
//!
//! Only where the answer is certain to be Python's: arguments of other types than the usual, rare errors
//! and everything else give `None`, and Python is asked. (`time.sleep` and `time.time` are not here: the
//! reference cannot call them, as they have no signature that it could look at.)

use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use squall_engine::ports::{Failure, Outcome};
use squall_model::{Map, Str, Value, python};

use super::{ActivityAnswer, ActivityCheck};

/// A function: what it needs, what it may have, how it is carried out.
struct Function {
    module: &'static str,
    name: &'static str,
    required: &'static [&'static str],
    optional: &'static [&'static str],
    run: fn(&Arguments) -> Answer,
}

/// `None`: Python must be asked. The error's text is a Python exception's.
type Answer = Option<Result<Value, String>>;

const FUNCTIONS: &[Function] = &[
    Function {
        module: "os.path",
        name: "exists",
        required: &["path"],
        optional: &[],
        run: |arguments| flag(arguments.path("path")?.metadata().is_ok()),
    },
    Function {
        module: "os.path",
        name: "lexists",
        required: &["path"],
        optional: &[],
        run: |arguments| flag(arguments.path("path")?.symlink_metadata().is_ok()),
    },
    Function {
        module: "os.path",
        name: "isfile",
        required: &["path"],
        optional: &[],
        run: |arguments| flag(arguments.path("path")?.is_file()),
    },
    Function {
        module: "os.path",
        name: "isdir",
        required: &["s"],
        optional: &[],
        run: |arguments| flag(arguments.path("s")?.is_dir()),
    },
    Function {
        module: "os.path",
        name: "islink",
        required: &["path"],
        optional: &[],
        run: |arguments| flag(arguments.path("path")?.is_symlink()),
    },
    Function {
        module: "os.path",
        name: "isabs",
        required: &["s"],
        optional: &[],
        run: |arguments| flag(arguments.text("s")?.starts_with('/')),
    },
    Function {
        module: "os.path",
        name: "basename",
        required: &["p"],
        optional: &[],
        run: |arguments| Some(Ok(split(&arguments.text("p")?).1.into())),
    },
    Function {
        module: "os.path",
        name: "dirname",
        required: &["p"],
        optional: &[],
        run: |arguments| Some(Ok(split(&arguments.text("p")?).0.into())),
    },
    Function {
        module: "os.path",
        name: "getsize",
        required: &["filename"],
        optional: &[],
        run: |arguments| {
            let path = arguments.text("filename")?;
            match Path::new(&*path).metadata() {
                Ok(metadata) => Some(Ok(i64::try_from(metadata.len()).ok()?.into())),
                Err(error) => os_error(&error, &[&path]),
            }
        },
    },
    Function {
        module: "os.path",
        name: "getmtime",
        required: &["filename"],
        optional: &[],
        run: |arguments| {
            let path = arguments.text("filename")?;
            match Path::new(&*path).metadata() {
                Ok(metadata) => {
                    Some(Ok((metadata.mtime() as f64 + 1e-9 * metadata.mtime_nsec() as f64).into()))
                }
                Err(error) => os_error(&error, &[&path]),
            }
        },
    },
    Function {
        module: "os",
        name: "remove",
        required: &["path"],
        optional: &["dir_fd"],
        run: |arguments| arguments.change("path", |path| rustix::fs::unlink(path)),
    },
    Function {
        module: "os",
        name: "unlink",
        required: &["path"],
        optional: &["dir_fd"],
        run: |arguments| arguments.change("path", |path| rustix::fs::unlink(path)),
    },
    Function {
        module: "os",
        name: "rmdir",
        required: &["path"],
        optional: &["dir_fd"],
        run: |arguments| arguments.change("path", |path| rustix::fs::rmdir(path)),
    },
    Function {
        module: "os",
        name: "mkdir",
        required: &["path"],
        optional: &["mode", "dir_fd"],
        run: |arguments| arguments.change("path", |path| rustix::fs::mkdir(path, 0o777.into())),
    },
    Function {
        module: "os",
        name: "makedirs",
        required: &["name"],
        optional: &["mode", "exist_ok"],
        run: make_folders,
    },
    Function {
        module: "os",
        name: "rename",
        required: &["src", "dst"],
        optional: &["src_dir_fd", "dst_dir_fd"],
        run: |arguments| {
            arguments.only(&["src", "dst"])?;
            let (from, to) = (arguments.text("src")?, arguments.text("dst")?);
            match rustix::fs::rename(&*from, &*to) {
                Ok(()) => Some(Ok(Value::Null)),
                Err(error) => os_error(&error.into(), &[&from, &to]),
            }
        },
    },
    Function { module: "os", name: "listdir", required: &[], optional: &["path"], run: list_folder },
    Function {
        module: "os",
        name: "getcwd",
        required: &[],
        optional: &[],
        run: |_| Some(Ok(std::env::current_dir().ok()?.to_str()?.into())),
    },
    Function {
        module: "os",
        name: "getenv",
        required: &["key"],
        optional: &["default"],
        run: |arguments| {
            let name = arguments.text("key")?;
            match squall_os::environment::var_os(&*name) {
                Some(value) => Some(Ok(value.to_str()?.into())),
                None => Some(Ok(arguments.map.get("default").unwrap_or(Value::Null))),
            }
        },
    },
];

fn find(module: &str, name: &str) -> Option<&'static Function> {
    FUNCTIONS.iter().find(|function| function.module == module && function.name == name)
}

/// Carries out `module.func`, if it is one of ours and these arguments are usual.
pub(super) fn call(module: &str, func: &str, arguments: &Value) -> Option<Outcome> {
    let function = find(module, func)?;
    let arguments = Arguments { map: arguments.as_map()?.clone() };
    if function.verdict(&arguments.map)? != ActivityAnswer::Ok {
        return None;
    }
    Some(match (function.run)(&arguments)? {
        Ok(value) => Outcome::Returned(value),
        Err(text) => {
            let mut failure = Failure::activity(text);
            let cause = format!("{}\n", failure.message);
            let link = "\nDuring handling of the above exception, another exception occurred:\n\n".to_owned();
            failure.exception.splice(..0, [cause, link]);
            Outcome::Failed(failure)
        }
    })
}

/// Checks the arguments of a function that is one of ours.
pub(super) fn check(check: &ActivityCheck) -> Option<ActivityAnswer> {
    find(&check.module, &check.func)?.verdict(check.arguments.as_map()?)
}

impl Function {
    /// What binding these arguments to the signature says.
    fn verdict(&self, arguments: &Map) -> Option<ActivityAnswer> {
        if let Some(missing) = self.required.iter().find(|name| !arguments.contains_key(name)) {
            return Some(ActivityAnswer::Missing((*missing).to_owned()));
        }
        for (key, _) in arguments.entries() {
            let name = key.as_str()?;
            if !self.required.contains(&name) && !self.optional.contains(&name) {
                return Some(ActivityAnswer::Unexpected(name.to_owned()));
            }
        }
        Some(ActivityAnswer::Ok)
    }
}

/// The arguments of a call.
struct Arguments {
    map: Map,
}

impl Arguments {
    /// A text argument; a NUL, which Python refuses in paths, is left to Python.
    fn text(&self, name: &str) -> Option<Str> {
        match self.map.get(name)? {
            Value::Str(text) if !text.contains('\0') => Some(text),
            _ => None,
        }
    }

    fn path(&self, name: &str) -> Option<PathBuf> {
        self.text(name).map(|text| PathBuf::from(&*text))
    }

    /// That there are no arguments but these.
    fn only(&self, names: &[&str]) -> Option<()> {
        let entries = self.map.entries();
        entries.iter().all(|(key, _)| key.as_str().is_some_and(|key| names.contains(&key))).then_some(())
    }

    /// Does something to one path, which is the only argument.
    fn change(&self, name: &str, change: impl FnOnce(&str) -> rustix::io::Result<()>) -> Answer {
        self.only(&[name])?;
        let path = self.text(name)?;
        match change(&path) {
            Ok(()) => Some(Ok(Value::Null)),
            Err(error) => os_error(&error.into(), &[&path]),
        }
    }
}

fn flag(flag: bool) -> Answer {
    Some(Ok(flag.into()))
}

/// Folder and last part of a path, as `os.path.split` has them.
fn split(path: &str) -> (&str, &str) {
    let cut = path.rfind('/').map_or(0, |slash| slash + 1);
    let (folder, last) = path.split_at(cut);
    let stripped = folder.trim_end_matches('/');
    (if stripped.is_empty() { folder } else { stripped }, last)
}

fn make_folders(arguments: &Arguments) -> Answer {
    arguments.only(&["name", "exist_ok"])?;
    let path = arguments.text("name")?;
    let exist_ok = arguments.map.get("exist_ok").is_some_and(|flag| flag.is_truthy());
    let trimmed = path.trim_end_matches('/');
    let (parent, last) = split(trimmed);
    if last.is_empty() || last == "." {
        return None;
    }
    if !parent.is_empty() {
        std::fs::create_dir_all(parent).ok()?;
    }
    match rustix::fs::mkdir(&*path, 0o777.into()) {
        Err(_) if exist_ok && Path::new(&*path).is_dir() => Some(Ok(Value::Null)),
        Ok(()) => Some(Ok(Value::Null)),
        Err(error) => os_error(&error.into(), &[&path]),
    }
}

fn list_folder(arguments: &Arguments) -> Answer {
    let given = arguments.map.get("path").is_some_and(|path| !path.is_null());
    let path = if given { arguments.text("path")? } else { ".".into() };
    let entries = match std::fs::read_dir(&*path) {
        Ok(entries) => entries,
        Err(error) => return os_error(&error, &[&path]),
    };
    let names = entries.map(|entry| Some(Value::from(entry.ok()?.file_name().to_str()?)));
    Some(Ok(Value::list(names.collect::<Option<Vec<_>>>()?)))
}

/// An `OSError` as Python words it, for the errors that do happen.
fn os_error(error: &io::Error, paths: &[&str]) -> Answer {
    use rustix::io::Errno;

    let number = error.raw_os_error()?;
    let (class, text) = match Errno::from_raw_os_error(number) {
        Errno::NOENT => ("FileNotFoundError", "No such file or directory"),
        Errno::EXIST => ("FileExistsError", "File exists"),
        Errno::NOTDIR => ("NotADirectoryError", "Not a directory"),
        Errno::ISDIR => ("IsADirectoryError", "Is a directory"),
        Errno::ACCESS => ("PermissionError", "Permission denied"),
        Errno::PERM => ("PermissionError", "Operation not permitted"),
        Errno::NOTEMPTY => ("OSError", "Directory not empty"),
        Errno::ROFS => ("OSError", "Read-only file system"),
        _ => return None,
    };
    let paths = paths.iter().map(|path| python::str_repr(path)).collect::<Vec<_>>().join(" -> ");
    Some(Err(format!("{class}: [Errno {number}] {text}: {paths}")))
}
