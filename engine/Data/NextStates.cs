using System.Globalization;
using EDA.Engine.Data.Formats;

namespace EDA.Engine.Data;

/// <summary>
/// What a file says of next states beside the rows. The standard view takes the row below a state for the next one; a file
/// whose rows were shuffled, or lost some, has next states of its own that say otherwise.
/// </summary>
/// <param name="Compared">Rows that were compared: those that no episode ends with.</param>
/// <param name="Differing">Rows of these whose next state is not the row below.</param>
/// <param name="Text">The first that differs, or why none was compared.</param>
internal sealed record NextStates(int Compared, int Differing, string? Text)
{
    // Rounding, in units of the number or of 1: of float16 there are 11 bits.
    private const double Tolerance = 1e-5, HalfTolerance = 2e-3;

    /// <summary>Why the file is refused; null where it is not.</summary>
    public string? Refusal => Differing == 0 ? null : string.Create(
        CultureInfo.InvariantCulture,
        $"the rows do not follow each other: in {Differing} of {Compared} rows away from the ends of episodes, {FieldNames.NextObservations} is not the row below ({Text})");

    /// <summary>What is worth knowing; null where there is nothing.</summary>
    public string? Note => Refusal ?? (Text is null ? null : $"{FieldNames.NextObservations} is not compared with the rows: {Text}");

    /// <summary>Compares next states with the rows.</summary>
    /// <param name="next">The next states, as the file has them.</param>
    /// <param name="dataset">The rows.</param>
    /// <returns>What was found.</returns>
    /// <exception cref="InvalidFileException">They cannot be read.</exception>
    public static NextStates Compare(INumberArray next, OfflineDataset dataset)
    {
        if (!next.Shape.SequenceEqual([dataset.Count, dataset.StateSize]))
            return new NextStates(0, 0, string.Create(CultureInfo.InvariantCulture, $"it is {string.Join("×", next.Shape)} and not {dataset.Count}×{dataset.StateSize}"));
        double tolerance = next.TypeName == "float16" ? HalfTolerance : Tolerance;
        int width = dataset.StateSize, compared = 0, differing = 0, last = -1;
        string? first = null;
        next.Read((start, values) =>
        {
            for (int i = 0; i < values.Length; i++)
            {
                int row = (start + i) / width, column = (start + i) % width;
                if (row == dataset.Count - 1 || dataset.Terminals[row] || dataset.Timeouts.Span[row])
                    continue;
                compared += column == 0 ? 1 : 0;
                float found = (float)values[i], below = dataset.States[((row + 1) * width) + column];
                if (row == last || Math.Abs(found - below) <= tolerance * Math.Max(1, Math.Max(Math.Abs(found), Math.Abs(below))))
                    continue;
                (differing, last) = (differing + 1, row);
                first ??= string.Create(CultureInfo.InvariantCulture, $"first in row {row}, column {column}: {found:R} and not {below:R}");
            }
        });
        return new NextStates(compared, differing, first);
    }
}
