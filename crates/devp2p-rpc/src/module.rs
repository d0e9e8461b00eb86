//! What can be called: modules, each a namespace with methods and subscriptions.

use std::collections::BTreeMap;
use std::fmt;
use std::pin::Pin;
use std::sync::Arc;

use serde::Serialize;
use serde_json::value::RawValue;

use crate::error::{Error, INTERNAL_ERROR};
use crate::params::Params;
use crate::subscription::Sink;

/// A method at work: in the end, its result as JSON.
pub(crate) type Running = Pin<Box<dyn Future<Output = Result<String, Error>> + Send>>;
/// A subscription at work.
pub(crate) type Telling = Pin<Box<dyn Future<Output = ()> + Send>>;
/// Reads the parameters, and begins.
pub(crate) type Method = Arc<dyn Fn(&[&RawValue]) -> Result<Running, Error> + Send + Sync>;
/// Reads the parameters, and says what is to be done with the sink.
pub(crate) type Subscription = Arc<dyn Fn(&[&RawValue]) -> Result<Start, Error> + Send + Sync>;
/// Begins to tell.
pub(crate) type Start = Box<dyn FnOnce(Sink) -> Telling + Send>;

/// Methods and subscriptions under one name: `foo` has `foo_double`.
///
/// Only what is registered can be called.
///
/// ```
/// use devp2p_rpc::{Error, Module};
///
/// let foo = Module::new("foo")
///     .method("double", |(number,): (i64,)| async move {
///         number.checked_mul(2).ok_or(Error::from("that is too much"))
///     })
///     .method("hello", |(name,): (Option<String>,)| async move {
///         Ok(format!("hello {}", name.as_deref().unwrap_or("stranger")))
///     });
/// # let _ = foo;
/// ```
#[derive(Clone)]
pub struct Module {
    namespace: String,
    methods: BTreeMap<String, Method>,
    subscriptions: BTreeMap<String, Subscription>,
}

impl Module {
    /// An empty module. Its name ends where the first `_` of a method's whole name stands, so it has
    /// none itself.
    #[must_use]
    pub fn new(namespace: &str) -> Self {
        Self {
            namespace: namespace.to_owned(),
            methods: BTreeMap::new(),
            subscriptions: BTreeMap::new(),
        }
    }

    /// Adds a method; one of the same name is replaced.
    #[must_use]
    pub fn method<P, F, R, T>(mut self, name: &str, run: F) -> Self
    where
        P: Params,
        F: Fn(P) -> R + Send + Sync + 'static,
        R: Future<Output = Result<T, Error>> + Send + 'static,
        T: Serialize,
    {
        let method = move |values: &[&RawValue]| -> Result<Running, Error> {
            let running = run(P::read(values, 0)?);
            Ok(Box::pin(async move { json(&running.await?) }))
        };
        self.methods.insert(name.to_owned(), Arc::new(method));
        self
    }

    /// Adds a subscription; one of the same name is replaced.
    ///
    /// `begin` looks at the parameters, and refuses, or says what is to be told: a function that is
    /// given a [`Sink`]. When that function is done, the subscription stays, and is silent.
    ///
    /// ```
    /// use devp2p_rpc::{Module, Sink};
    ///
    /// let foo = Module::new("foo").subscription("countdown", |(from,): (u32,)| {
    ///     if from > 10 {
    ///         return Err("that takes too long".into());
    ///     }
    ///     Ok(move |mut sink: Sink| async move {
    ///         for number in (0..=from).rev() {
    ///             if sink.send(&number).await.is_err() {
    ///                 return;
    ///             }
    ///         }
    ///     })
    /// });
    /// # let _ = foo;
    /// ```
    #[must_use]
    pub fn subscription<P, F, G, R>(mut self, name: &str, begin: F) -> Self
    where
        P: Params,
        F: Fn(P) -> Result<G, Error> + Send + Sync + 'static,
        G: FnOnce(Sink) -> R + Send + 'static,
        R: Future<Output = ()> + Send + 'static,
    {
        // The name of the subscription is the first parameter.
        let subscription = move |values: &[&RawValue]| -> Result<Start, Error> {
            let tell = begin(P::read(values, 1)?)?;
            Ok(Box::new(|sink| Box::pin(tell(sink))))
        };
        self.subscriptions.insert(name.to_owned(), Arc::new(subscription));
        self
    }
}

impl fmt::Debug for Module {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (methods, subscriptions) = (self.methods.keys(), self.subscriptions.keys());
        write!(f, "Module({}: ", self.namespace)?;
        f.debug_set().entries(methods).entries(subscriptions).finish()?;
        f.write_str(")")
    }
}

fn json(value: &impl Serialize) -> Result<String, Error> {
    serde_json::to_string(value).map_err(|error| Error::new(INTERNAL_ERROR, error))
}

/// Several modules, as one transport shows them.
#[derive(Debug, Clone)]
pub struct Modules(BTreeMap<String, Module>);

impl Modules {
    /// These modules, and `rpc`, which names them. Two of the same name become one; the later one's
    /// methods win.
    pub fn new(modules: impl IntoIterator<Item = Module>) -> Self {
        let mut all = BTreeMap::<String, Module>::new();
        for module in modules {
            match all.get_mut(&module.namespace) {
                Some(known) => {
                    known.methods.extend(module.methods);
                    known.subscriptions.extend(module.subscriptions);
                }
                None => drop(all.insert(module.namespace.clone(), module)),
            }
        }
        Self(all).with_names()
    }

    /// Only those of these names; the others are as if they were not there.
    #[must_use]
    pub fn only(&self, names: &[&str]) -> Self {
        let is_wanted = |(name, _): &(&String, &Module)| names.contains(&name.as_str());
        let wanted = self.0.iter().filter(is_wanted);
        Self(wanted.map(|(name, module)| (name.clone(), module.clone())).collect()).with_names()
    }

    /// `rpc_modules` says which there are, and that each has version 1.0.
    fn with_names(mut self) -> Self {
        let names = self.0.keys().cloned().chain(["rpc".to_owned()]);
        let names: BTreeMap<String, &str> = names.map(|name| (name, "1.0")).collect();
        let rpc = self.0.remove("rpc").unwrap_or_else(|| Module::new("rpc"));
        let rpc = rpc.method("modules", move |()| {
            let names = names.clone();
            async move { Ok(names) }
        });
        self.0.insert("rpc".to_owned(), rpc);
        self
    }

    /// The method of this whole name: `foo_double`.
    pub(crate) fn method(&self, name: &str) -> Option<&Method> {
        let (namespace, name) = name.split_once('_')?;
        self.0.get(namespace)?.methods.get(name)
    }

    pub(crate) fn subscription(&self, namespace: &str, name: &str) -> Option<&Subscription> {
        self.0.get(namespace)?.subscriptions.get(name)
    }
}
