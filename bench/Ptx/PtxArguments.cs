using System.Collections.Concurrent;
using System.Reflection;
using System.Runtime.CompilerServices;
using ILGPU;
using ILGPU.Runtime;

namespace EDA.Bench.Ptx;

/// <summary>
/// A kernel's arguments as ILGPU lays them out: fields in their order, aligned to their own size, a structure to its largest
/// field; a view is a pointer and a length of 64 bits.
/// </summary>
public sealed class PtxArguments
{
    private static readonly ConcurrentDictionary<Type, PtxArguments> Known = new();
    private static readonly MethodInfo AddressDefinition = typeof(PtxArguments).GetMethod(nameof(AddressOf), BindingFlags.NonPublic | BindingFlags.Static)!;

    private readonly List<Field> _fields = [];

    private PtxArguments(Type type) => Length = Add(type, 0, value => value).Size;

    private delegate object Getter(object value);

    private sealed record Field(int Offset, int Size, Func<object, ulong> Bits);

    /// <summary>The bytes they take.</summary>
    public int Length { get; }

    /// <summary>The layout of a type.</summary>
    /// <param name="type">The type.</param>
    public static PtxArguments Of(Type type) => Known.GetOrAdd(type, type => new PtxArguments(type));

    /// <summary>Whether some bytes are a field.</summary>
    /// <param name="offset">The first.</param>
    /// <param name="size">How many.</param>
    public bool HasField(long offset, int size) => _fields.Exists(field => field.Offset == offset && field.Size == size);

    /// <summary>The bytes of arguments; what lies between fields is poison.</summary>
    /// <param name="arguments">The arguments.</param>
    public byte[] Write(object arguments)
    {
        byte[] bytes = new byte[Length];
        bytes.AsSpan().Fill(0xFF);
        foreach (var field in _fields)
        {
            ulong bits = field.Bits(arguments);
            if (field.Size == sizeof(ulong))
                Unsafe.WriteUnaligned(ref bytes[field.Offset], bits);
            else
                Unsafe.WriteUnaligned(ref bytes[field.Offset], (uint)bits);
        }

        return bytes;
    }

    private static ulong AddressOf<T>(ArrayView<T> view)
        where T : unmanaged => view.IsValid ? (ulong)view.LoadEffectiveAddressAsPtr() : 0;

    private (int Size, int Alignment) Add(Type type, int offset, Getter get)
    {
        if (type.IsEnum)
            type = Enum.GetUnderlyingType(type);
        if (type == typeof(int))
            return AddField(offset, sizeof(int), value => (uint)(int)Convert.ChangeType(get(value), typeof(int), null));
        if (type == typeof(uint))
            return AddField(offset, sizeof(uint), value => (uint)get(value));
        if (type == typeof(float))
            return AddField(offset, sizeof(float), value => BitConverter.SingleToUInt32Bits((float)get(value)));
        if (type == typeof(long))
            return AddField(offset, sizeof(long), value => (ulong)(long)get(value));
        if (type == typeof(ulong))
            return AddField(offset, sizeof(ulong), value => (ulong)get(value));
        if (type == typeof(double))
            return AddField(offset, sizeof(double), value => BitConverter.DoubleToUInt64Bits((double)get(value)));
        if (type.IsGenericType && type.GetGenericTypeDefinition() == typeof(ArrayView<>))
        {
            var address = AddressDefinition.MakeGenericMethod(type.GetGenericArguments());
            var length = type.GetProperty(nameof(ArrayView<int>.Length))!;
            AddField(offset, sizeof(ulong), value => (ulong)address.Invoke(null, [get(value)])!);
            AddField(offset + sizeof(ulong), sizeof(ulong), value => (ulong)(long)length.GetValue(get(value))!);
            return (2 * sizeof(ulong), sizeof(ulong));
        }

        if (!type.IsValueType || type.IsPrimitive)
            throw new NotSupportedException($"{type} among a kernel's arguments");
        int at = offset, largest = 1;
        foreach (var field in type.GetFields(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic).OrderBy(field => field.MetadataToken))
        {
            at = Align(at, AlignmentOf(field.FieldType));
            var (size, alignment) = Add(field.FieldType, at, value => field.GetValue(get(value))!);
            (at, largest) = (at + size, Math.Max(largest, alignment));
        }

        return (Align(at - offset, largest), largest);
    }

    private (int Size, int Alignment) AddField(int offset, int size, Func<object, ulong> bits)
    {
        _fields.Add(new Field(offset, size, bits));
        return (size, size);
    }

    private static int AlignmentOf(Type type)
    {
        if (type.IsEnum)
            type = Enum.GetUnderlyingType(type);
        if (type == typeof(int) || type == typeof(uint) || type == typeof(float))
            return sizeof(int);
        if (type.IsPrimitive || type.IsGenericType)
            return sizeof(long);
        return type.GetFields(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic).Max(field => AlignmentOf(field.FieldType));
    }

    private static int Align(int offset, int alignment) => (offset + alignment - 1) / alignment * alignment;
}
