using System.Reflection;
using EDA.Kernels;

namespace EDA.Tests.Gpu;

/// <summary>The device arrays of an operation's arguments, found by what the record holds and not by a list.</summary>
internal sealed class CallArrays
{
    private readonly PropertyInfo[] _path;

    private CallArrays(PropertyInfo[] path) => _path = path;

    /// <summary>Where it stands, for instance <c>Batch.Data.States</c>.</summary>
    public string Name => string.Join('.', _path.Select(property => property.Name));

    /// <summary>The places of all arrays of a record, those of the records in it too.</summary>
    public static IEnumerable<CallArrays> Of(Type record) => Paths(record, []);

    /// <summary>The array there; null where there is none.</summary>
    public object? Get(object call) => _path.Aggregate((object?)call, (value, property) => value is null ? null : property.GetValue(value));

    /// <summary>The same arguments with another array there.</summary>
    public object With(object call, object array) => Set(call, 0, array);

    private object Set(object record, int depth, object array)
    {
        object copy = typeof(CallArrays).GetMethod(nameof(Copy), BindingFlags.NonPublic | BindingFlags.Static)!.MakeGenericMethod(record.GetType()).Invoke(null, [record])!;
        var property = _path[depth];
        property.SetValue(copy, depth == _path.Length - 1 ? array : Set(property.GetValue(record)!, depth + 1, array));
        return copy;
    }

    private static object Copy<T>(T record)
        where T : struct => record;

    private static IEnumerable<CallArrays> Paths(Type record, PropertyInfo[] before)
    {
        foreach (var property in record.GetProperties())
        {
            PropertyInfo[] path = [.. before, property];
            if (property.PropertyType == typeof(DeviceArray<float>) || property.PropertyType == typeof(DeviceArray<int>))
                yield return new CallArrays(path);
            else if (property.PropertyType is { IsValueType: true, IsEnum: false, IsPrimitive: false, Namespace: "EDA.Kernels" })
                foreach (var inner in Paths(property.PropertyType, path))
                    yield return inner;
        }
    }
}
