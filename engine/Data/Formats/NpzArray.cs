using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;

namespace EDA.Engine.Data.Formats;

/// <summary>One array of an NPZ file. It can be read once, for it comes out of a compressed stream.</summary>
public sealed class NpzArray : INumberArray
{
    private const int ElementsAtOnce = 1 << 16;
    private readonly NpzMember _member;
    private readonly NpyHeader _header;
    private bool _isLongDouble, _mayBeOther;

    internal NpzArray(NpzMember member, NpyHeader header)
    {
        (_member, _header) = (member, header);
        Storage = member.Method + (header.ColumnMajor ? ", column by column" : string.Empty);
    }

    /// <inheritdoc/>
    public string Name => _member.Name;

    /// <inheritdoc/>
    public IReadOnlyList<long> Shape => _header.Shape;

    /// <inheritdoc/>
    public string TypeName => _header.Type.Name.TrimEnd(',');

    /// <inheritdoc/>
    public string Storage { get; }

    /// <inheritdoc/>
    public void RequireNumbers()
    {
        if (!_header.Type.IsNumeric)
            throw _member.Refusal($"holds {_header.Type.Name} and no numbers; allowed are numbers of any size, and truth values");
    }

    /// <inheritdoc/>
    public void Read(Span<float> destination)
    {
        Check(destination.Length);
        if (_header is { Type: { Kind: 'f', Size: 4, BigEndian: false }, ColumnMajor: false } && BitConverter.IsLittleEndian)
        {
            for (int first = 0; first < destination.Length; first += ElementsAtOnce)
                Fill(MemoryMarshal.AsBytes(destination.Slice(first, Math.Min(ElementsAtOnce, destination.Length - first))));
            _member.RequireWhole();
            return;
        }

        var places = new Places(_header);
        ReadBlocks(destination.Length, destination, (block, target) =>
        {
            foreach (double value in block)
                target[places.Next()] = (float)value;
        });
    }

    /// <inheritdoc/>
    public void Read(NumberBlock use)
    {
        int length = (int)Math.Max(0, _header.Elements);
        Check(length);
        int first = 0;
        if (!_header.ColumnMajor)
        {
            ReadBlocks<float>(length, default, (block, _) =>
            {
                use(first, block);
                first += block.Length;
            });
            return;
        }

        var values = new float[length];
        Read(values);
        use(0, Array.ConvertAll(values, value => (double)value));
    }

    /// <inheritdoc/>
    public void Read(Span<bool> destination, Action<int, double> odd)
    {
        Check(destination.Length);
        var places = new Places(_header);
        // Told when the bytes are known to be those that were written.
        var found = new List<(int Place, double Value)>();
        ReadBlocks(destination.Length, destination, (block, target) =>
        {
            foreach (double value in block)
            {
                int place = places.Next();
                target[place] = value != 0;
                if (value is not (0 or 1))
                    found.Add((place, value));
            }
        });
        foreach (var (place, value) in found)
            odd(place, value);
    }

    /// <summary>The text where the array is a single one; null where it is anything else.</summary>
    /// <exception cref="InvalidFileException">It is damaged.</exception>
    internal string? Text()
    {
        const int MostBytes = 1 << 16;
        if (_header is not { Elements: 1, Type: { Kind: 'U' or 'S', Size: <= MostBytes } type })
            return null;
        var bytes = new byte[type.Size];
        Fill(bytes);
        _member.RequireWhole();
        var encoding = type.Kind == 'S' ? Encoding.UTF8 : new UTF32Encoding(type.BigEndian, byteOrderMark: false);
        return encoding.GetString(bytes).TrimEnd('\0');
    }

    /// <inheritdoc/>
    public void Dispose() => _member.Dispose();

    private delegate void Store<T>(ReadOnlySpan<double> block, Span<T> target);

    private void ReadBlocks<T>(int length, Span<T> destination, Store<T> store)
    {
        int size = _header.Type.Size;
        var bytes = new byte[Math.Min(ElementsAtOnce, length) * size];
        var numbers = new double[Math.Min(ElementsAtOnce, length)];
        for (int first = 0; first < length; first += ElementsAtOnce)
        {
            int count = Math.Min(ElementsAtOnce, length - first);
            var block = bytes.AsSpan(0, count * size);
            Fill(block);
            if (_header.Type.BigEndian)
            {
                for (int i = 0; i < count; i++)
                    block.Slice(i * size, size).Reverse();
            }

            for (int i = 0; i < count; i++)
                numbers[i] = Number(block.Slice(i * size, size));
            store(numbers.AsSpan(0, count), destination);
        }

        _member.RequireWhole();
        if (_mayBeOther && !_isLongDouble)
            throw OtherLongDouble();
    }

    /// <summary>A number such that its float32 is the element's.</summary>
    private double Number(ReadOnlySpan<byte> element) => (_header.Type.Kind, _header.Type.Size) switch
    {
        ('f', 2) => (double)BinaryPrimitives.ReadHalfLittleEndian(element),
        ('f', 4) => BinaryPrimitives.ReadSingleLittleEndian(element),
        ('f', 8) => BinaryPrimitives.ReadDoubleLittleEndian(element),
        ('f', _) => LongDouble(element),
        ('i', 1) => (sbyte)element[0],
        ('i', 2) => BinaryPrimitives.ReadInt16LittleEndian(element),
        ('i', 4) => BinaryPrimitives.ReadInt32LittleEndian(element),
        ('i', _) => OddRounding.Of(BinaryPrimitives.ReadInt64LittleEndian(element)),
        ('u', 2) => BinaryPrimitives.ReadUInt16LittleEndian(element),
        ('u', 4) => BinaryPrimitives.ReadUInt32LittleEndian(element),
        ('u', 8) => OddRounding.Of(BinaryPrimitives.ReadUInt64LittleEndian(element)),
        _ => element[0],
    };

    private double LongDouble(ReadOnlySpan<byte> element)
    {
        double value = OddRounding.OfLongDouble(element);
        bool? known = OddRounding.IsLongDouble(element);
        if (known == false)
            throw OtherLongDouble();
        _isLongDouble |= known == true && value != 0;
        _mayBeOther |= known is null;
        return value;
    }

    private InvalidFileException OtherLongDouble() =>
        _member.Refusal($"holds {_header.Type.Name} that are not the 80 bits of x86; save them as float64");

    private void Fill(Span<byte> bytes)
    {
        if (_member.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false) < bytes.Length)
            throw _member.Refusal("is broken: it is cut short");
    }

    private void Check(int length)
    {
        RequireNumbers();
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
