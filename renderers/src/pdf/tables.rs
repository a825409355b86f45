//! Tables cost a copy nothing: their structure elements depend on a table's shape only, and the
//! copies of one exam share it. So they are written and deflated once a shape, and kept.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use copiste_core::render::{Copy, NodeId, NodeKind};
use copiste_core::rope::Shared;
use flate2::CompressError;

use super::marks::Marks;
use super::objects::{ObjectStream, Packer};
use super::structure::{self, Numbers};

/// How many shapes are kept; an exam has one to three (the last page of a table differs when an
/// appreciation is long). What is not kept is made again: the bytes are the same.
const KEPT: usize = 512;

/// The nodes of all tables of a copy, in order.
pub fn nodes(copy: &Copy, found: &mut Vec<NodeId>, within: &mut Vec<bool>) {
    found.clear();
    within.clear();
    for (index, node) in copy.nodes().iter().enumerate() {
        let inside = node.kind == NodeKind::Table || (index > 0 && within[node.parent.index()]);
        within.push(inside);
        if inside {
            found.push(copy.node_id(index));
        }
    }
}

/// The tables already written: asked for by shape, never walked.
#[derive(Default)]
pub struct Tables {
    kept: RwLock<HashMap<Vec<u8>, Arc<Shared>>>,
}

impl Tables {
    /// The object stream `number` with the elements of these nodes, ready for the file.
    ///
    /// # Errors
    /// What the compressor says, which for memory is nothing.
    pub fn stream(
        &self,
        copy: &Copy,
        marks: &Marks,
        nodes: &[NodeId],
        number: u32,
        numbers: &Numbers<'_>,
        shape: &mut Vec<u8>,
    ) -> Result<Arc<Shared>, CompressError> {
        describe(copy, marks, nodes, numbers, shape);
        let kept = self.kept.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(shared) = kept.get(shape.as_slice()) {
            return Ok(Arc::clone(shared));
        }
        drop(kept);
        let mut stream = ObjectStream::default();
        for node in nodes {
            let out = stream.object(numbers.nodes[node.index()]);
            structure::element(out, copy, marks, *node, 0, numbers);
        }
        let mut bytes = Vec::new();
        stream.write(&mut bytes, number, Some(&mut Packer::thorough()))?;
        let shared = Shared::new(bytes);
        let mut kept = self.kept.write().unwrap_or_else(PoisonError::into_inner);
        if kept.len() < KEPT {
            kept.insert(shape.clone(), Arc::clone(&shared));
        }
        Ok(shared)
    }
}

/// All that the elements' bytes depend on, shorter than they are.
fn describe(copy: &Copy, marks: &Marks, nodes: &[NodeId], numbers: &Numbers<'_>, shape: &mut Vec<u8>) {
    shape.clear();
    shape.extend_from_slice(&numbers.first_page.to_le_bytes());
    for id in nodes {
        let node = copy.node(*id);
        shape.extend_from_slice(structure::name(node.kind));
        if let NodeKind::HeaderCell(scope) = node.kind {
            shape.push(scope as u8);
        }
        shape.extend_from_slice(&numbers.nodes[id.index()].to_le_bytes());
        shape.extend_from_slice(&numbers.nodes[node.parent.index()].to_le_bytes());
        for mark in marks.of(*id) {
            shape.push(u8::from(mark.link) + 1);
            shape.extend_from_slice(&mark.sheet.to_le_bytes());
            shape.extend_from_slice(&mark.number.to_le_bytes());
            if mark.link {
                let object = numbers.links.get(mark.number as usize).copied().unwrap_or(0);
                shape.extend_from_slice(&object.to_le_bytes());
            }
        }
        shape.push(0);
        if node.kind == NodeKind::Figure {
            marks.bounds(*id).iter().for_each(|edge| shape.extend_from_slice(&edge.to_le_bytes()));
        }
        shape.extend_from_slice(copy.says(*id).as_bytes());
        shape.push(0);
    }
}
