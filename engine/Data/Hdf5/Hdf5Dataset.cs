using System.Text;
using EDA.Engine.Data.Formats;

namespace EDA.Engine.Data.Hdf5;

/// <summary>
/// An array of numbers in an HDF5 file. It is read whole, as float32 or as truth values; what is stored as another type
/// passes through a buffer of half a megabyte or a row of chunks, so that no second copy of the array is ever held.
/// </summary>
public sealed unsafe class Hdf5Dataset : INumberArray
{
    private const int ClassInteger = 0, ClassFloat = 1, ClassBits = 4, ClassEnumeration = 8;
    private static readonly string[] ClassNames = ["", "", "times", "texts", "", "opaque bytes", "a compound type", "references", "", "arrays of any length", "arrays of a type"];
    private const int LayoutChunked = 2;
    private const int NumbersAtOnce = 1 << 16;
    private const int MostNumbersAtOnce = 1 << 23;
    private readonly Hdf5File _file;
    private readonly Hdf5Library _library;
    private readonly long[] _shape;
    private readonly int _chunkRows;
    private readonly bool _isNumeric;
    private readonly bool _isFloat32;
    private readonly Hdf5Number _number;
    private string? _lackingFilter;
    private bool _isWhole;
    private long _id;

    internal Hdf5Dataset(Hdf5File file, Hdf5Library library, string name, long id)
    {
        (_file, _library, _id, Name) = (file, library, id, name);
        long type = library.DatasetType(id), space = library.DatasetSpace(id), properties = library.DatasetProperties(id);
        try
        {
            int rank = library.SpaceRank(space);
            if (type < 0 || properties < 0 || rank < 0)
                throw Unreadable("its header is broken");
            var shape = new ulong[Math.Max(rank, 1)];
            fixed (ulong* dimensions = shape)
            {
                if (library.SpaceShape(space, dimensions, null) < 0)
                    throw Unreadable("its header is broken");
            }

            // Nothing has 2^63 rows: a size that does not fit is refused with the shape.
            _shape = [.. shape.Take(rank).Select(size => (long)Math.Min(size, long.MaxValue))];
            int kind = library.TypeClass(type);
            int bits = 8 * (int)library.TypeSize(type);
            bool isSigned = kind is ClassInteger or ClassEnumeration && library.TypeSign(type) != 0;
            _isNumeric = kind == ClassFloat || (kind is ClassInteger or ClassBits or ClassEnumeration && bits <= 64);
            _isFloat32 = kind == ClassFloat && bits == 32;
            _number = kind switch
            {
                ClassBits => Hdf5Number.Bits(library),
                ClassInteger or ClassEnumeration when bits > 32 => Hdf5Number.Whole(library, isSigned),
                ClassFloat when bits > 64 => Hdf5Number.LongDouble(library),
                _ => Hdf5Number.Double(library),
            };
            TypeName = kind switch
            {
                ClassFloat => $"float{bits}",
                ClassInteger => (isSigned ? "int" : "uint") + bits,
                // h5py's truth values are an enumeration, PyTables' a field of bits.
                ClassEnumeration => bits == 8 ? "bool" : $"enum{bits}",
                ClassBits => bits == 8 ? "bool" : $"bits{bits}",
                > 0 when kind < ClassNames.Length => ClassNames[kind],
                _ => "an unknown type",
            };
            if (library.Layout(properties) == LayoutChunked && rank > 0)
            {
                var chunk = new ulong[rank];
                fixed (ulong* sizes = chunk)
                    library.Chunk(properties, rank, sizes);
                _chunkRows = (int)Math.Min(chunk[0], int.MaxValue);
                Storage = $"chunks of {string.Join("×", chunk)}";
            }

            ReadFilters(properties);
        }
        finally
        {
            if (properties >= 0)
                library.PropertiesClose(properties);
            if (space >= 0)
                library.SpaceClose(space);
            if (type >= 0)
                library.TypeClose(type);
        }
    }

    /// <inheritdoc/>
    public string Name { get; }

    /// <inheritdoc/>
    public IReadOnlyList<long> Shape => _shape;

    /// <inheritdoc/>
    public string TypeName { get; }

    /// <inheritdoc/>
    public string Storage { get; private set; } = "one piece";

    /// <inheritdoc/>
    public void RequireNumbers()
    {
        if (!_isNumeric)
            throw new InvalidFileException(_file.Path, $"{Name} holds {TypeName} and no numbers that can be read; allowed are numbers of any size, and truth values");
        if (_isWhole)
            return;
        if (_lackingFilter is not null)
            throw new InvalidFileException(_file.Path, $"{Name} is compressed with {_lackingFilter}, which this HDF5 library lacks; allowed are gzip, shuffle and no compression");
        if (_file.FindGap(_id) is { } gap)
            throw new InvalidFileException(_file.Path, $"{Name}{gap.Text} {(gap.Rows.Count == 0 ? "is" : "are")} not in the file: {gap.Reason}");
        _isWhole = true;
    }

    /// <inheritdoc/>
    public void Read(Span<float> destination)
    {
        Check(destination.Length);
        if (destination.IsEmpty)
            return;
        if (_isFloat32)
        {
            lock (Hdf5Library.Lock)
            {
                Hdf5Library.Ready();
                fixed (float* target = destination)
                {
                    if (_library.DatasetRead(_id, _library.NativeFloat, 0, 0, 0, target) < 0)
                        throw Unreadable(_library.Reason());
                }
            }

            return;
        }

        ReadBlocks(destination.Length, destination, static (block, target) =>
        {
            for (int i = 0; i < block.Length; i++)
                target[i] = (float)block[i];
        });
    }

    /// <inheritdoc/>
    public void Read(NumberBlock use)
    {
        int length = (int)Math.Min(Array.MaxLength, _shape.Aggregate(1L, (product, size) => product * size));
        Check(length);
        int first = 0;
        if (length > 0)
        {
            ReadBlocks<float>(length, default, (block, _) =>
            {
                use(first, block);
                first += block.Length;
            });
        }
    }

    /// <inheritdoc/>
    public void Read(Span<bool> destination, Action<int, double> odd)
    {
        Check(destination.Length);
        if (destination.IsEmpty)
            return;
        int element = 0;
        ReadBlocks(destination.Length, destination, (block, target) =>
        {
            for (int i = 0; i < block.Length; i++, element++)
            {
                target[i] = block[i] != 0;
                if (block[i] is not (0 or 1))
                    odd(element, block[i]);
            }
        });
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (Hdf5Library.Lock)
        {
            if (_id >= 0)
                _library.ObjectClose(_id);
            _id = -1;
        }
    }

    private delegate void Store<T>(ReadOnlySpan<double> block, Span<T> target);

    private void ReadBlocks<T>(int length, Span<T> destination, Store<T> store)
    {
        int rows = _shape.Length == 0 ? 1 : (int)_shape[0];
        int width = length / rows;
        // Whole chunks, or each would be unpacked again for the next block: up to where that costs too much memory.
        int atOnce = Math.Max(1, NumbersAtOnce / width);
        if (_chunkRows > 0)
            atOnce = Math.Min(Math.Max(1, atOnce / _chunkRows) * _chunkRows, Math.Max(1, MostNumbersAtOnce / width));
        atOnce = Math.Min(atOnce, rows);
        var buffer = new byte[(long)atOnce * width * _number.Bytes];
        for (int first = 0; first < rows; first += atOnce)
        {
            int count = Math.Min(atOnce, rows - first);
            ReadRows(first, count, buffer);
            store(_number.Convert(buffer.AsSpan(0, count * width * _number.Bytes)), destination.IsEmpty ? default : destination.Slice(first * width, count * width));
        }
    }

    private void ReadRows(int first, int count, byte[] buffer)
    {
        lock (Hdf5Library.Lock)
        {
            Hdf5Library.Ready();
            if (_shape.Length == 0)
            {
                fixed (byte* target = buffer)
                {
                    if (_library.DatasetRead(_id, _number.Type, 0, 0, 0, target) < 0)
                        throw Unreadable(_library.Reason());
                }

                return;
            }

            ulong* start = stackalloc ulong[_shape.Length];
            ulong* size = stackalloc ulong[_shape.Length];
            for (int i = 0; i < _shape.Length; i++)
                (start[i], size[i]) = (0, (ulong)_shape[i]);
            (start[0], size[0]) = ((ulong)first, (ulong)count);
            long space = _library.DatasetSpace(_id), memory = -1;
            try
            {
                memory = _library.SpaceCreate(_shape.Length, size, null);
                fixed (byte* target = buffer)
                {
                    if (_library.SpaceSelect(space, 0, start, null, size, null) < 0
                        || _library.DatasetRead(_id, _number.Type, memory, space, 0, target) < 0)
                    {
                        throw Unreadable(_library.Reason(), $", rows {first} to {first + count - 1},");
                    }
                }
            }
            finally
            {
                if (memory >= 0)
                    _library.SpaceClose(memory);
                _library.SpaceClose(space);
            }
        }
    }

    private void Check(int length)
    {
        RequireNumbers();
        if (_shape.Aggregate(1L, (product, size) => product * size) != length)
            throw new ArgumentException($"{length} places for the array {Name} of [{string.Join("×", _shape)}]");
    }

    /// <summary>Names the filters, and finds one that the library lacks before it fails on the data.</summary>
    private void ReadFilters(long properties)
    {
        const int MostName = 64;
        int count = _library.FilterCount(properties);
        byte* name = stackalloc byte[MostName];
        for (uint i = 0; i < count; i++)
        {
            uint flags, configuration;
            nuint values = 0;
            name[0] = 0;
            int filter = _library.Filter(properties, i, &flags, &values, null, MostName, name, &configuration);
            string text = filter switch
            {
                1 => "gzip",
                2 => "shuffle",
                3 => "checksum",
                4 => "szip",
                _ => Encoding.UTF8.GetString(System.Runtime.InteropServices.MemoryMarshal.CreateReadOnlySpanFromNullTerminated(name)) is { Length: > 0 } given ? given : $"filter {filter}",
            };
            Storage += $", {text}";
            if (filter >= 0 && _library.FilterAvailable(filter) <= 0)
                _lackingFilter = text;
        }
    }

    private InvalidFileException Unreadable(string reason, string part = "") => new(_file.Path, $"{Name}{part} cannot be read: {reason}");
}
