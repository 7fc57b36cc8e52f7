using System.Text;
using EDA.Kernels;

namespace EDA.Engine.Data.Hdf5;

/// <summary>Writes an HDF5 file: groups, arrays of numbers and texts.</summary>
public sealed unsafe class Hdf5Writer : IDisposable
{
    private const uint CreateNew = 4;
    private const int Utf8Characters = 1;
    private readonly string _path;
    private readonly Hdf5Library _library;
    private long _id;

    /// <summary>Makes the file.</summary>
    /// <param name="path">A file that does not exist yet.</param>
    /// <exception cref="IOException">It exists, or cannot be made.</exception>
    /// <exception cref="MissingLibraryException">There is no HDF5 library.</exception>
    public Hdf5Writer(string path)
    {
        _path = path;
        lock (Hdf5Library.Lock)
        {
            _library = Hdf5Library.Ready();
            fixed (byte* name = Hdf5Library.Text(path))
                _id = _library.FileCreate(name, CreateNew, 0, 0);
            if (_id < 0)
                throw new IOException($"{path} cannot be made: {_library.Reason()}");
        }
    }

    /// <summary>Makes a group.</summary>
    /// <param name="name">Its path; the groups above it are there.</param>
    /// <exception cref="IOException">It cannot be made.</exception>
    public void CreateGroup(string name)
    {
        lock (Hdf5Library.Lock)
        {
            Hdf5Library.Ready();
            fixed (byte* text = Hdf5Library.Text(name))
            {
                long id = _library.GroupCreate(_id, text, 0, 0, 0);
                if (id < 0)
                    throw Unwritable(name);
                _library.ObjectClose(id);
            }
        }
    }

    /// <summary>Writes an array of float32.</summary>
    /// <param name="name">The dataset's path.</param>
    /// <param name="shape">Its dimensions.</param>
    /// <param name="values">The numbers, row-major.</param>
    /// <param name="storage">How they are kept.</param>
    /// <exception cref="IOException">It cannot be written.</exception>
    public void Write(string name, ReadOnlySpan<int> shape, ReadOnlySpan<float> values, Hdf5Storage storage = default)
    {
        fixed (float* source = values)
            Write(name, shape, values.Length, source, library => (library.StoredFloat, library.NativeFloat, false), storage);
    }

    /// <summary>Writes an array of float64.</summary>
    /// <param name="name">The dataset's path.</param>
    /// <param name="shape">Its dimensions.</param>
    /// <param name="values">The numbers, row-major.</param>
    /// <param name="storage">How they are kept.</param>
    /// <exception cref="IOException">It cannot be written.</exception>
    public void Write(string name, ReadOnlySpan<int> shape, ReadOnlySpan<double> values, Hdf5Storage storage = default)
    {
        fixed (double* source = values)
            Write(name, shape, values.Length, source, library => (library.StoredDouble, library.NativeDouble, false), storage);
    }

    /// <summary>Writes an array of truth values, as h5py does: an enumeration of FALSE and TRUE on a byte.</summary>
    /// <param name="name">The dataset's path.</param>
    /// <param name="shape">Its dimensions.</param>
    /// <param name="values">The values, row-major.</param>
    /// <param name="storage">How they are kept.</param>
    /// <exception cref="IOException">It cannot be written.</exception>
    public void Write(string name, ReadOnlySpan<int> shape, ReadOnlySpan<bool> values, Hdf5Storage storage = default)
    {
        fixed (bool* source = values)
            Write(name, shape, values.Length, source, Truth, storage);
    }

    /// <summary>Writes a single text.</summary>
    /// <param name="name">The dataset's path.</param>
    /// <param name="text">The text, not empty.</param>
    /// <exception cref="IOException">It cannot be written.</exception>
    public void Write(string name, string text)
    {
        ArgumentException.ThrowIfNullOrEmpty(text);
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        fixed (byte* source = bytes)
            Write(name, [], 1, source, library => TextType(library, bytes.Length), default);
    }

    /// <summary>Ends a file that was written: what the library still holds back goes to the disk now, and only now may it turn out to be full.</summary>
    /// <exception cref="IOException">Not all of it could be written.</exception>
    public void Finish()
    {
        lock (Hdf5Library.Lock)
        {
            Hdf5Library.Ready();
            long id = _id;
            _id = -1;
            if (_library.FileClose(id) < 0)
                throw new IOException($"{_path} cannot be written to its end: {_library.Reason()}");
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (Hdf5Library.Lock)
        {
            if (_id >= 0)
                _library.FileClose(_id);
            _id = -1;
        }
    }

    private static (long Stored, long Memory, bool Owned) Truth(Hdf5Library library)
    {
        long type = library.TypeEnumerate(library.NativeSignedByte);
        foreach (sbyte value in (ReadOnlySpan<sbyte>)[0, 1])
        {
            fixed (byte* name = Hdf5Library.Text(value == 0 ? "FALSE" : "TRUE"))
            {
                sbyte member = value;
                library.TypeInsert(type, name, &member);
            }
        }

        return (type, type, true);
    }

    private static (long Stored, long Memory, bool Owned) TextType(Hdf5Library library, int length)
    {
        long type = library.TypeCopy(library.CString);
        library.TypeSetSize(type, (nuint)length);
        library.TypeSetCharacters(type, Utf8Characters);
        return (type, type, true);
    }

    private void Write(string name, ReadOnlySpan<int> shape, int count, void* source, Func<Hdf5Library, (long Stored, long Memory, bool Owned)> types, Hdf5Storage storage)
    {
        long product = 1;
        foreach (int size in shape)
            product *= size;
        if (product != count)
            throw new ArgumentException($"{name} has {count} values for the shape [{string.Join("×", shape.ToArray())}]", nameof(shape));
        lock (Hdf5Library.Lock)
        {
            Hdf5Library.Ready();
            var (stored, memory, owned) = types(_library);
            long space = -1, properties = 0, id = -1;
            try
            {
                var extent = new ulong[Math.Max(shape.Length, 1)];
                var chunk = new ulong[extent.Length];
                for (int i = 0; i < shape.Length; i++)
                {
                    extent[i] = (ulong)shape[i];
                    chunk[i] = (ulong)Math.Clamp(i == 0 ? storage.ChunkRows : storage.ChunkColumns > 0 ? storage.ChunkColumns : shape[i], 1, Math.Max(shape[i], 1));
                }

                fixed (ulong* dimensions = extent)
                fixed (ulong* part = chunk)
                fixed (byte* text = Hdf5Library.Text(name))
                {
                    space = _library.SpaceCreate(shape.Length, dimensions, null);
                    if (storage.ChunkRows > 0)
                    {
                        properties = _library.PropertiesCreate(_library.ForDatasets);
                        if (_library.SetChunk(properties, shape.Length, part) < 0 || (storage.Gzip > 0 && _library.SetDeflate(properties, (uint)storage.Gzip) < 0))
                            throw Unwritable(name);
                    }

                    id = _library.DatasetCreate(_id, text, stored, space, 0, properties, 0);
                    if (id < 0 || (count > 0 && _library.DatasetWrite(id, memory, 0, 0, 0, source) < 0))
                        throw Unwritable(name);

                    // Chunks that the library has kept so far are written here.
                    long written = id;
                    id = -1;
                    if (_library.ObjectClose(written) < 0)
                        throw Unwritable(name);
                }
            }
            finally
            {
                if (id >= 0)
                    _library.ObjectClose(id);
                if (properties > 0)
                    _library.PropertiesClose(properties);
                if (space >= 0)
                    _library.SpaceClose(space);
                if (owned)
                    _library.TypeClose(stored);
            }
        }
    }

    private IOException Unwritable(string name) => new($"{_path}: {name} cannot be written: {_library.Reason()}");
}
