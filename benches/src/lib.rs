//! copiste
