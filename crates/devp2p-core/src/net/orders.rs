//! What the main loop tells a connection.

use std::future::pending;

use tokio::sync::watch;

use super::EndReason;
use crate::p2p::DisconnectReason;

/// What a connection is to do. The last word counts, but nothing comes after [`Order::Close`].
#[derive(Debug, Clone)]
enum Order {
    /// Nothing in particular.
    GoOn,
    /// The node has come back by another connection: is this one still alive?
    ShowLife,
    /// End for this reason, and say goodbye if there is something to say.
    Close(EndReason),
}

/// The end at which orders are given.
#[derive(Debug)]
pub(super) struct OrderSender(watch::Sender<Order>);

/// The end at which they are heard. A copy hears them all as well.
#[derive(Debug, Clone)]
pub(super) struct Orders(watch::Receiver<Order>);

/// Both ends.
pub(super) fn orders() -> (OrderSender, Orders) {
    let (sender, receiver) = watch::channel(Order::GoOn);
    (OrderSender(sender), Orders(receiver))
}

impl OrderSender {
    /// Says goodbye.
    pub(super) fn close(&self, reason: DisconnectReason) {
        self.end(EndReason::Local(reason));
    }

    /// Ends it, and says only what there is to say about such an end.
    pub(super) fn end(&self, reason: EndReason) {
        self.0.send_replace(Order::Close(reason));
    }

    pub(super) fn show_life(&self) {
        self.0.send_if_modified(|order| {
            let goes_on = !matches!(order, Order::Close(_));
            if goes_on {
                *order = Order::ShowLife;
            }
            goes_on
        });
    }
}

impl Orders {
    /// Waits until it is to close. If the main loop is gone, then at once.
    pub(super) async fn closing(&mut self) -> EndReason {
        let order = self.0.wait_for(|order| matches!(order, Order::Close(_))).await;
        match order.as_deref() {
            Ok(Order::Close(reason)) => reason.clone(),
            _ => EndReason::Local(DisconnectReason::Quitting),
        }
    }

    /// Waits until it is to show that it lives; once for each such order.
    pub(super) async fn challenged(&mut self) {
        while self.0.changed().await.is_ok() {
            if matches!(*self.0.borrow_and_update(), Order::ShowLife) {
                return;
            }
        }
        pending::<()>().await;
    }
}
