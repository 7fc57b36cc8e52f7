using System.Text.Json;
using System.Text.Json.Serialization;

namespace EDA.Engine;

/// <summary>A row of a table that settings, files and command lines choose from by a word.</summary>
public interface INamed
{
    /// <summary>The word, as typed.</summary>
    string Name { get; }
}

/// <summary>A row that knows its table.</summary>
/// <typeparam name="T">The row.</typeparam>
public interface INamed<T> : INamed
    where T : class, INamed<T>
{
    /// <summary>The table.</summary>
    static abstract NamedTable<T> Table { get; }
}

/// <summary>The names of a table, whatever its rows are.</summary>
public interface INamedTable
{
    /// <summary>The names, in order.</summary>
    IReadOnlyList<string> Names { get; }
}

/// <summary>A table of rows with names. Rows of one's own may be added; they are then found, listed and chosen like every other.</summary>
/// <typeparam name="T">The row.</typeparam>
/// <param name="setting">What a refusal calls the name of a row.</param>
/// <param name="rows">The rows that are there from the start.</param>
public sealed class NamedTable<T>(string setting, params IEnumerable<T> rows) : INamedTable
    where T : class, INamed
{
    private readonly Lock _changing = new();
    private volatile T[] _rows = [.. rows];

    /// <summary>The rows, in order.</summary>
    public IReadOnlyList<T> All => _rows;

    /// <inheritdoc/>
    public IReadOnlyList<string> Names => [.. _rows.Select(row => row.Name)];

    /// <summary>Finds a row.</summary>
    /// <param name="name">Its name.</param>
    /// <returns>The row.</returns>
    /// <exception cref="InvalidSettingException">There is none of that name.</exception>
    public T Find(string? name) => Array.Find(_rows, row => row.Name == name) ?? throw new InvalidSettingException(setting, name, "one of " + string.Join(", ", Names));

    /// <summary>Adds a row.</summary>
    /// <param name="row">The row.</param>
    /// <returns>Takes it away again when it is disposed of.</returns>
    /// <exception cref="ArgumentException">There is a row of that name.</exception>
    public IDisposable Add(T row)
    {
        lock (_changing)
        {
            if (Names.Contains(row.Name))
                throw new ArgumentException($"there is a {setting} '{row.Name}' already", nameof(row));
            _rows = [.. _rows, row];
        }

        return new Added(this, row);
    }

    private sealed class Added(NamedTable<T> table, T row) : IDisposable
    {
        public void Dispose()
        {
            lock (table._changing)
                table._rows = [.. table._rows.Where(other => other != row)];
        }
    }
}

/// <summary>Writes a row as its name, and finds it by that.</summary>
/// <typeparam name="T">The row.</typeparam>
public sealed class NamedConverter<T> : JsonConverter<T>
    where T : class, INamed<T>
{
    /// <inheritdoc/>
    public override T Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => T.Table.Find(reader.GetString());

    /// <inheritdoc/>
    public override void Write(Utf8JsonWriter writer, T value, JsonSerializerOptions options) => writer.WriteStringValue(value.Name);
}
