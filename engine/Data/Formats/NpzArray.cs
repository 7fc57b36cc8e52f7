using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace EDA.Engine.Data.Formats;

/// <summary>One array of an NPZ file. It can be read once, for it comes out of a compressed stream.</summary>
public sealed class NpzArray : INumberArray
{
    private const int ElementsAtOnce = 1 << 16;
    private readonly string _path;
    private readonly NpyHeader _header;
    private readonly Stream _stream;

    internal NpzArray(string path, string name, NpyHeader header, Stream stream, bool isCompressed)
    {
        (_path, Name, _header, _stream) = (path, name, header, stream);
        Storage = (isCompressed ? "compressed" : "one piece") + (header.ColumnMajor ? ", column by column" : string.Empty);
    }

    /// <inheritdoc/>
    public string Name { get; }

    /// <inheritdoc/>
    public IReadOnlyList<long> Shape => _header.Shape;

    /// <inheritdoc/>
    public string TypeName => _header.TypeName;

    /// <inheritdoc/>
    public string Storage { get; }

    /// <inheritdoc/>
    public void Read(Span<float> destination)
    {
        Check(destination.Length);
        if (_header is { Kind: 'f', Size: 4, BigEndian: false, ColumnMajor: false } && BitConverter.IsLittleEndian)
        {
            Fill(MemoryMarshal.AsBytes(destination));
            return;
        }

        var places = new Places(_header);
        ReadBlocks(destination, (block, target) =>
        {
            foreach (double value in block)
                target[places.Next()] = (float)value;
        });
    }

    /// <inheritdoc/>
    public void Read(Span<bool> destination, Action<int, double> odd)
    {
        Check(destination.Length);
        var places = new Places(_header);
        ReadBlocks(destination, (block, target) =>
        {
            foreach (double value in block)
            {
                int place = places.Next();
                target[place] = value != 0;
                if (value is not (0 or 1))
                    odd(place, value);
            }
        });
    }

    /// <inheritdoc/>
    public void Dispose() => _stream.Dispose();

    private delegate void Store<T>(ReadOnlySpan<double> block, Span<T> target);

    private void ReadBlocks<T>(Span<T> destination, Store<T> store)
    {
        var bytes = new byte[Math.Min(ElementsAtOnce, destination.Length) * _header.Size];
        var numbers = new double[Math.Min(ElementsAtOnce, destination.Length)];
        for (int first = 0; first < destination.Length; first += ElementsAtOnce)
        {
            int count = Math.Min(ElementsAtOnce, destination.Length - first);
            var block = bytes.AsSpan(0, count * _header.Size);
            Fill(block);
            if (_header.BigEndian)
            {
                for (int i = 0; i < count; i++)
                    block.Slice(i * _header.Size, _header.Size).Reverse();
            }

            for (int i = 0; i < count; i++)
                numbers[i] = Number(block.Slice(i * _header.Size, _header.Size));
            store(numbers.AsSpan(0, count), destination);
        }
    }

    private double Number(ReadOnlySpan<byte> element) => (_header.Kind, _header.Size) switch
    {
        ('f', 2) => (double)BinaryPrimitives.ReadHalfLittleEndian(element),
        ('f', 4) => BinaryPrimitives.ReadSingleLittleEndian(element),
        ('f', _) => BinaryPrimitives.ReadDoubleLittleEndian(element),
        ('i', 1) => (sbyte)element[0],
        ('i', 2) => BinaryPrimitives.ReadInt16LittleEndian(element),
        ('i', 4) => BinaryPrimitives.ReadInt32LittleEndian(element),
        ('i', _) => BinaryPrimitives.ReadInt64LittleEndian(element),
        ('u', 2) => BinaryPrimitives.ReadUInt16LittleEndian(element),
        ('u', 4) => BinaryPrimitives.ReadUInt32LittleEndian(element),
        ('u', 8) => BinaryPrimitives.ReadUInt64LittleEndian(element),
        _ => element[0],
    };

    private void Fill(Span<byte> bytes)
    {
        try
        {
            if (_stream.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false) < bytes.Length)
                throw new InvalidFileException(_path, $"cut short within {Name}");
        }
        catch (InvalidDataException broken)
        {
            throw new InvalidFileException(_path, $"{Name} is broken: it does not unpack", broken);
        }
    }

    private void Check(int length)
    {
        if (!_header.IsNumeric)
            throw new InvalidFileException(_path, $"{Name} does not hold numbers; allowed are numbers of any size, and truth values");
        if (_header.Elements != length)
            throw new ArgumentException($"{length} places for the array {Name} of [{string.Join("×", _header.Shape)}]");
    }

    /// <summary>Where in a row-major array the elements of the file go, one after the other.</summary>
    private sealed class Places(NpyHeader header)
    {
        private readonly long[] _index = new long[header.Shape.Length];
        private readonly long[] _stride = Strides(header.Shape);
        private int _place = -1;

        public int Next()
        {
            if (!header.ColumnMajor || _place < 0)
                return ++_place;
            for (int i = 0; i < _index.Length; i++)
            {
                _place += (int)_stride[i];
                if (++_index[i] < header.Shape[i])
                    break;
                _place -= (int)(_stride[i] * header.Shape[i]);
                _index[i] = 0;
            }

            return _place;
        }

        private static long[] Strides(long[] shape)
        {
            var strides = new long[shape.Length];
            long product = 1;
            for (int i = shape.Length - 1; i >= 0; i--)
            {
                strides[i] = product;
                product *= shape[i];
            }

            return strides;
        }
    }
}
