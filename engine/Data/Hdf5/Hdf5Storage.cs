namespace EDA.Engine.Data.Hdf5;

/// <summary>How an HDF5 dataset is kept: in one piece, or in chunks that may be compressed.</summary>
/// <param name="ChunkRows">The rows of a chunk; 0 for one piece.</param>
/// <param name="ChunkColumns">The columns of a chunk; 0 for all.</param>
/// <param name="Gzip">The level of compression from 1 to 9; 0 for none. Needs chunks.</param>
public readonly record struct Hdf5Storage(int ChunkRows, int ChunkColumns = 0, int Gzip = 0);
