//! iceoryx2's blackboard: a key-value store in shared memory with one writer per entry.

use std::mem::MaybeUninit;

use iceoryx2::port::reader::EntryHandle;
use iceoryx2::port::writer::EntryHandleMut;
use iceoryx2::prelude::*;

use super::Peer;
use crate::record::Block;

type Service = ipc::Service;

/// The one who creates reads, the one who opens writes; alone, the creator does both.
pub struct Blackboard<const N: usize> {
    reader: Option<EntryHandle<Service, u64, Block<N>>>,
    writer: Option<EntryHandleMut<Service, u64, Block<N>>>,
    // What the handles belong to.
    _kept: Box<dyn std::any::Any>,
}

const KEY: u64 = 1;

impl<const N: usize> Blackboard<N> {
    fn service_name(id: &str) -> ServiceName {
        id.try_into().expect("a name")
    }
}

impl<const N: usize> Peer<N> for Blackboard<N> {
    const NAME: &'static str = "iceoryx2 blackboard";

    fn create(id: &str) -> Self {
        set_log_level(LogLevel::Fatal);
        let node = NodeBuilder::new().create::<Service>().expect("a node");
        let service = node
            .service_builder(&Self::service_name(id))
            .blackboard_creator::<u64>()
            .add::<Block<N>>(KEY, *Block::filled(1))
            .create()
            .expect("a blackboard");
        let reader = service.reader_builder().create().expect("a reader");
        let entry = reader.entry::<Block<N>>(&KEY).expect("the entry");
        Self { reader: Some(entry), writer: None, _kept: Box::new((node, service, reader)) }
    }

    fn open(id: &str) -> Self {
        set_log_level(LogLevel::Fatal);
        let node = NodeBuilder::new().create::<Service>().expect("a node");
        let service =
            node.service_builder(&Self::service_name(id)).blackboard_opener::<u64>().open().expect("the blackboard");
        let reader = service.reader_builder().create().expect("a reader");
        let entry = reader.entry::<Block<N>>(&KEY).expect("the entry");
        let writer = service.writer_builder().create().ok();
        let mutable = writer.as_ref().map(|writer| writer.entry::<Block<N>>(&KEY).expect("the entry"));
        Self { reader: Some(entry), writer: mutable, _kept: Box::new((node, service, reader, writer)) }
    }

    #[inline(always)]
    fn read(&mut self, to: &mut MaybeUninit<Block<N>>) {
        to.write(*self.reader.as_ref().expect("a reader").get());
    }

    #[inline(always)]
    fn write(&mut self, from: &Block<N>) {
        self.writer.as_ref().expect("a writer").update_with_copy(*from);
    }
}
